#!/bin/sh
# t/report_docs.sh
# docs/bi.md names every view of the report schema and every setting of the reports; docs/security.md every door; some page every setting.
. "$(dirname -- "$0")/lib.sh"
root=$CRM_TREE
make_db crm_t_docs
P crm_t_docs -c 'CREATE EXTENSION crm_member' -c "SELECT crm_member.create_crm('crm')" >"$T_DIR/made"
missing() { # PAGE, names on standard input: those that do not stand in the page as `name`
	while IFS= read -r name; do grep -qF "\`$name\`" "$root/docs/$1" || printf '%s ' "$name"; done
}
same 'views that bi.md leaves out' "$(P crm_t_docs -c "SELECT relname FROM pg_class WHERE relnamespace = 'crm_report'::regnamespace" | missing bi.md)" ''
same 'settings of reports that bi.md leaves out' "$(P crm_t_docs -c "SELECT key FROM crm.setting WHERE key !~ '^(attach|audit|minor|notice|outbox|points|retention)_'" | missing bi.md)" ''
same 'settings that no page names' "$(P crm_t_docs -c 'SELECT key FROM crm.setting' | while IFS= read -r key; do cat "$root"/docs/*.md | grep -qF "\`$key\`" || printf '%s ' "$key"; done)" ''
# shellcheck disable=SC2016 # the backquotes are those of the page
same 'views of bi.md that are not there' "$(sed -n '/^## The views/,/^## /s/^| `\([a-z_]*\)`.*/\1/p' "$root/docs/bi.md" | while read -r v; do P crm_t_docs -c "SELECT '$v' WHERE to_regclass('crm_report.$v') IS NULL"; done)" ''
P crm_t_docs -c "SELECT DISTINCT object FROM crm._privileges() WHERE kind = 'f'" >"$T_DIR/doors"
same 'doors that security.md leaves out' "$(missing security.md <"$T_DIR/doors")" ''
finish crm_t_docs
