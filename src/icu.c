/*
 * src/icu.c
 *
 * The only file that includes ICU (C API).
 *
 * What ICU answers may change with its version, so an SQL function that
 * stands on it is STABLE unless Unicode promises the answer.
 */
#include "icu.h"

#include <unicode/uversion.h>

#if CRM_ICU_VERSION_TEXT < U_MAX_VERSION_STRING_LENGTH
#error "the buffer for ICU's version is too small"
#endif

const char *
crm_icu_version(char *buffer)
{
	UVersionInfo version;

	u_getVersion(version);
	u_versionToString(version, buffer);
	return buffer;
}
