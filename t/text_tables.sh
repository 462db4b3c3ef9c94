#!/bin/sh
# t/text_tables.sh
# The frozen tables of text are what their scripts make, and ICU itself agrees with them.
. "$(dirname -- "$0")/lib.sh"
cd "$CRM_TREE" || exit 1

[ -x /usr/bin/python3 ] || skip 'no python3'
mkdir -p "$T_DIR/src/core"
(cd "$T_DIR" && /usr/bin/python3 "$CRM_TREE/tools/lunar_table.py") || bad=1
same 'the months of the lunar calendar as computed' "$(cmp "$T_DIR/src/core/lunar_table.c" src/core/lunar_table.c 2>&1)" ''

version=$(/usr/bin/python3 -c 'import icu; print(icu.ICU_VERSION)' 2>/dev/null || :)
if [ "$version" != 72.1 ]; then
	[ "$bad" = 0 ] || finish
	skip "the lunar table is as made; the tables of Unicode are compared where python3-icu has ICU 72.1 (here: ${version:-none})"
fi
same 'the tables of Unicode and Han characters' "$(/usr/bin/python3 tools/text_tables.py --check | grep -v ': as made$')" ''

finish
