/*
 * src/core/phone_plan.c
 *
 * Numbering plans by region, from what the regulators publish (see phone.h).
 *
 * Patterns name ranges by their leading digits and full length, wider than
 * what is assigned today: a new range of mobile numbers must not be refused.
 */
#include "core/phone.h"

#include <string.h>

static const char *const cn[] = {
	"1[3-9]xxxxxxxxx",			/* mobile */
	"10xxxxxxxx", "10xxxxxxx",	/* Peking */
	"2[0-57-9]xxxxxxxx", "2[0-57-9]xxxxxxx",	/* large cities */
	"3[157]xxxxxxxxx", "3[157]xxxxxxxx", "335xxxxxxxx", "335xxxxxxx",
	"349xxxxxxxx", "349xxxxxxx", "39[1-8]xxxxxxxx", "39[1-8]xxxxxxx",
	"4[1357]xxxxxxxxx", "4[1357]xxxxxxxx", "42[179]xxxxxxxx", "42[179]xxxxxxx",
	"440xxxxxxx", "46[4789]xxxxxxxx", "46[4789]xxxxxxx", "48[23]xxxxxxxx", "48[23]xxxxxxx",
	"5[1357]xxxxxxxxx", "5[1357]xxxxxxxx", "52[37]xxxxxxxx", "52[37]xxxxxxx",
	"54[36]xxxxxxxx", "54[36]xxxxxxx", "56[1-6]xxxxxxxx", "56[1-6]xxxxxxx",
	"580xxxxxxxx", "580xxxxxxx", "59[1-9]xxxxxxxx", "59[1-9]xxxxxxx",
	"63[1-5]xxxxxxxx", "63[1-5]xxxxxxx", "66[0238]xxxxxxxx", "66[0238]xxxxxxx",
	"69[12]xxxxxxxx", "69[12]xxxxxxx",
	"701xxxxxxxx", "701xxxxxxx", "7[1357]xxxxxxxxx", "7[1357]xxxxxxxx",
	"72[248]xxxxxxxx", "72[248]xxxxxxx", "74[3-6]xxxxxxxx", "74[3-6]xxxxxxx",
	"76[0236-9]xxxxxxxx", "76[0236-9]xxxxxxx", "79[0-9]xxxxxxxx", "79[0-9]xxxxxxx",
	"81[2-8]xxxxxxxx", "81[2-8]xxxxxxx", "82[5-7]xxxxxxxx", "82[5-7]xxxxxxx",
	"83[0-9]xxxxxxxx", "83[0-9]xxxxxxx", "85[14-9]xxxxxxxx", "85[14-9]xxxxxxx",
	"87[0-9]xxxxxxxx", "87[0-9]xxxxxxx", "88[3678]xxxxxxxx", "88[3678]xxxxxxx",
	"89[1-8]xxxxxxxx", "89[1-8]xxxxxxx",
	"90[1-36-9]xxxxxxxx", "90[1-36-9]xxxxxxx", "91[1-9]xxxxxxxx", "91[1-9]xxxxxxx",
	"93[0-9]xxxxxxxx", "93[0-9]xxxxxxx", "94[13]xxxxxxxx", "94[13]xxxxxxx",
	"95[1-5]xxxxxxxx", "95[1-5]xxxxxxx", "97[0-9]xxxxxxxx", "97[0-9]xxxxxxx",
	"99[0-9]xxxxxxxx", "99[0-9]xxxxxxx",
	"400xxxxxxx", "800xxxxxxx",	/* shared cost, free */
	NULL
};

static const char *const hk[] = {
	"[2-9]xxxxxxx",				/* fixed 2 and 3, mobile 4 to 9 */
	"800xxxxxx",
	NULL
};

static const char *const mo[] = {
	"28xxxxxx", "8xxxxxxx",		/* fixed */
	"6xxxxxxx", "68xxxxxx",		/* mobile */
	"0800xxx",
	NULL
};

static const char *const tw[] = {
	"9xxxxxxxx",				/* mobile */
	"2xxxxxxxx", "2[2-8]xxxxxx",	/* Taipei */
	"[3-7]xxxxxxx", "[4-7]xxxxxxxx", "8[2-9]xxxxxx", "8[2-9]xxxxxxx",
	"80xxxxxxx", "70xxxxxxxx",
	NULL
};

static const char *const sg[] = {
	"[3689]xxxxxxx",
	"1800xxxxxxx", "800xxxxxxx",
	NULL
};

static const char *const my[] = {
	"1[02-46-9]xxxxxxx", "1[159]xxxxxxxx",	/* mobile */
	"3[2-9]xxxxxxx",			/* Klang valley */
	"[4-7][2-9]xxxxxx", "8[2-9]xxxxxx", "9xxxxxxx",
	"1300xxxxxx", "1700xxxxxx", "1800xxxxxx",
	NULL
};

static const char *const jp[] = {
	"[6-9]0Nxxxxxxx", "[6-9]01xxxxxxx",	/* mobile */
	"50[1-9]xxxxxxx",			/* IP telephony */
	"[1-9][1-9]xxxxxxx", "[2-9]0[1-9]xxxxxx",	/* fixed */
	"20[1-9]xxxxxxx", "120xxxxxx", "800xxxxxxx", "570xxxxxx",
	NULL
};

static const char *const kr[] = {
	"10[1-9]xxxxxxx",			/* mobile */
	"1[15-9]xxxxxxx", "1[15-9]xxxxxxxx",
	"2[1-9]xxxxxx", "2[1-9]xxxxxxx",	/* Seoul */
	"3[1-3][1-9]xxxxxx", "3[1-3][1-9]xxxxxxx", "4[1-4][1-9]xxxxxx", "4[1-4][1-9]xxxxxxx",
	"5[1-5][1-9]xxxxxx", "5[1-5][1-9]xxxxxxx", "6[1-4][1-9]xxxxxx", "6[1-4][1-9]xxxxxxx",
	"50xxxxxxxx", "50xxxxxxxxx", "70[1-9]xxxxxxx", "80[1-9]xxxxxx", "80[1-9]xxxxxxx",
	"15[4-9]xxxxx", "16[0-9]xxxxx", "18[0-9]xxxxx",	/* representative numbers */
	NULL
};

/* North American plan: area codes do not end in 11 */
static const char *const nanp[] = {
	"N[02-8]xNxxxxxx", "N1[02-9]Nxxxxxx",
	NULL
};

static const char *const gb[] = {
	"7[1-9]xxxxxxxx", "70xxxxxxxx",	/* mobile, personal */
	"1xxxxxxxxx", "1xxxxxxxx",	/* fixed */
	"2[03489]xxxxxxxx",
	"3[0347]xxxxxxxx", "5[56]xxxxxxxx",
	"80[08]xxxxxxx", "800xxxxxx", "8001111", "8[47][0-5]xxxxxxx", "9[018]xxxxxxxx",
	NULL
};

static const char *const au[] = {
	"4xxxxxxxx",				/* mobile */
	"[2378][2-9]xxxxxxx",		/* fixed */
	"1800xxxxxx", "1300xxxxxx", "13[1-9]xxx",
	NULL
};

static const char *const plain_fr[] = {"[1-9]xxxxxxxx", NULL};

static const char *const th[] = {
	"[689]xxxxxxxx",			/* mobile */
	"[2-7]xxxxxxx",				/* fixed */
	"1800xxxxxx",
	NULL
};

/* regions that share a country code stand together, the larger first */
static const CrmPhonePlan plans[] = {
	{"CN", "86", "0", "00", cn},
	{"HK", "852", "", "001 002 006 007 008 009 00", hk},
	{"MO", "853", "", "00 01", mo},
	{"TW", "886", "0", "002 005 006 007 009 00", tw},
	{"SG", "65", "", "000 001 002 008 00", sg},
	{"MY", "60", "0", "00", my},
	{"JP", "81", "0", "010 00", jp},
	{"KR", "82", "0", "00700 001 002 005 006 008 00", kr},
	{"US", "1", "1", "011 00", nanp},
	{"CA", "1", "1", "011 00", nanp},
	{"GB", "44", "0", "00", gb},
	{"AU", "61", "0", "0011 00", au},
	{"FR", "33", "0", "00", plain_fr},
	{"TH", "66", "0", "001 00", th}
};

/* country codes in use, ITU-T E.164; no code begins with another */
static const char countries[] =
	" 1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66"
	" 81 82 84 86 90 91 92 93 94 95 98"
	" 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239 240 241"
	" 242 243 244 245 246 247 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 267 268 269"
	" 290 291 297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378 380 381 382"
	" 383 385 386 387 389 420 421 423 500 501 502 503 504 505 506 507 508 509 590 591 592 593 594 595 596 597 598"
	" 599 670 672 673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 800 808 850 852 853"
	" 855 856 870 878 880 881 882 883 886 888 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977"
	" 979 992 993 994 995 996 998 ";

static char
upper(char c)
{
	return (char) (c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

const CrmPhonePlan *
crm_phone_plan(const char *region, size_t length)
{
	for (size_t i = 0; length == 2 && i < sizeof(plans) / sizeof(plans[0]); i++)
	{
		if (upper(region[0]) == plans[i].region[0] && upper(region[1]) == plans[i].region[1])
			return &plans[i];
	}
	return NULL;
}

const CrmPhonePlan *
crm_phone_country(const char *digits, size_t *length)
{
	size_t		n = strlen(digits);

	for (size_t size = 1; size <= 3 && size <= n; size++)
	{
		char		wanted[6] = " ";

		memcpy(wanted + 1, digits, size);
		wanted[size + 1] = ' ';
		if (strstr(countries, wanted) == NULL)
			continue;
		*length = size;
		for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++)
		{
			if (strlen(plans[i].country) == size && memcmp(plans[i].country, digits, size) == 0)
				return &plans[i];
		}
		return NULL;
	}
	*length = 0;
	return NULL;
}

/* whether c is among the digits and ranges up to the closing bracket; p is moved behind it */
static bool
among(const char **p, char c)
{
	const char *q = *p;
	bool		found = false;

	for (; *q != ']'; q++)
	{
		if (q[1] == '-')
		{
			found |= c >= q[0] && c <= q[2];
			q += 2;
		}
		else
			found |= c == *q;
	}
	*p = q + 1;
	return found;
}

static bool
fits(const char *pattern, const char *digits, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		char		c = *pattern;

		if (c == '\0')
			return false;
		pattern++;
		if (c == '[' ? !among(&pattern, digits[i]) :
			c == 'N' ? digits[i] < '2' :
			c != 'x' && c != digits[i])
			return false;
	}
	return *pattern == '\0';
}

bool
crm_phone_fits(const CrmPhonePlan *plan, const char *digits, size_t n)
{
	for (const char *const *p = plan->national; *p != NULL; p++)
	{
		if (fits(*p, digits, n))
			return true;
	}
	return false;
}
