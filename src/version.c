/*
 * src/version.c
 *
 * crm_version: which versions of what are at work, for bug reports and for
 * checks before an upgrade.
 *
 * Library and extension differ between the installation of new files and
 * ALTER EXTENSION crm_member UPDATE.
 */
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "core/history.h"
#include "core/text.h"
#include "icu.h"

PG_FUNCTION_INFO_V1(crm_version);

/* the installed version of the extension as text, or NULL */
static text *
extension_version(void)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;
	text	   *version = NULL;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum("crm_member"));
	scan = systable_beginscan(rel, ExtensionNameIndexId, true, NULL, 1, &key);
	row = systable_getnext(scan);
	if (HeapTupleIsValid(row))
	{
		bool		isnull;
		Datum		value = heap_getattr(row, Anum_pg_extension_extversion, RelationGetDescr(rel), &isnull);

		if (!isnull)
			version = DatumGetTextPCopy(value);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return version;
}

static void
put(ReturnSetInfo *result, const char *component, text *version)
{
	Datum		value[2];
	bool		isnull[2] = {false, version == NULL};

	value[0] = CStringGetTextDatum(component);
	value[1] = PointerGetDatum(version);
	tuplestore_putvalues(result->setResult, result->setDesc, value, isnull);
}

Datum
crm_version(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char		icu[CRM_ICU_VERSION_TEXT];

	InitMaterializedSRF(fcinfo, 0);
	put(result, "library", cstring_to_text(CRM_VERSION));
	put(result, "extension", extension_version());
	put(result, "purchase_history form", cstring_to_text(CppAsString2(CRM_HISTORY_VERSION)));
	put(result, "crm layout", cstring_to_text(CRM_LAYOUT));
	put(result, "Unicode of the text tables", cstring_to_text(CRM_TEXT_UNICODE));
	put(result, "ICU", cstring_to_text(crm_icu_version(icu)));
	return (Datum) 0;
}
