#!/bin/sh
# tools/template.sh LAYOUT FILE...
# Prints the functions crm_member._newest_layout() and _template(), which carries the modules of sql/crm inside the extension.
#
# create_crm and upgrade_crm play these texts; no file is read at run time.
# A module must not hold what CREATE EXTENSION would replace in the install
# script, nor the tag that quotes it here.
set -eu
LC_ALL=C
export LC_ALL
layout=$1
shift

# shellcheck disable=SC2016 # the dollars are SQL's quotes
bad=$(grep -nE 'MODULE_PATHNAME|@ext(schema|owner)|\$(module|template)\$' "$@" /dev/null || true)
if [ -n "$bad" ]; then
	printf '%s\n' "$bad" >&2
	echo "template.sh: a module holds a text that the install script gives another meaning" >&2
	exit 1
fi

cat <<SQL

CREATE FUNCTION crm_member._newest_layout() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN $layout;
COMMENT ON FUNCTION crm_member._newest_layout() IS 'the layout number that this version of the extension makes and upgrades to';
SQL
cat <<'SQL'

-- The modules of a CRM schema, as texts. Made from sql/crm by tools/template.sh.

CREATE FUNCTION crm_member._template() RETURNS TABLE (module text, body text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
SET search_path = pg_catalog, pg_temp
AS $template$
SELECT m.module, m.body FROM (VALUES
SQL
sep=''
for f in "$@"; do
	n=${f##*/}
	printf "%s('%s', \$module\$\n" "$sep" "${n%.sql}"
	cat "$f"
	# shellcheck disable=SC2016
	printf '$module$)\n'
	sep=,
done
cat <<'SQL'
) AS m(module, body) ORDER BY m.module
$template$;
COMMENT ON FUNCTION crm_member._template() IS 'the modules of a CRM schema as SQL texts, in the order in which create_crm plays them; @crm@ stands for the quoted schema name';
SQL
