#!/bin/sh
# t/docs.sh
# The documents name what is there: links lead somewhere, tests named exist, every error raised is listed.
. "$(dirname -- "$0")/lib.sh"
cd "$CRM_TREE" || exit 1

# relative links of every page
for page in README.md CHANGELOG.md docs/*.md docs/design/*.md; do
	[ -f "$page" ] || continue
	sed -n 's/](\([^)]*\))/\n&\n/gp' "$page" | sed -n 's/^](\([^)#]*\).*)$/\1/p' | while IFS= read -r link; do
		case $link in '' | http:* | https:*) continue ;; esac
		[ -e "$(dirname "$page")/$link" ] || printf '%s: no %s\n' "$page" "$link"
	done
done >"$T_DIR/links"
same 'links that lead nowhere' "$(cat "$T_DIR/links")" ''

# anchors into the reference, from its contents
sed -n 's/](#\([^)]*\))/\n\1\n/gp' docs/reference.md | grep -E '^[a-z0-9_-]+$' | sort -u >"$T_DIR/wanted"
sed -n 's/^##* //p' docs/reference.md | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9_\n-' | sort -u >"$T_DIR/there"
same 'anchors that lead nowhere' "$(comm -23 "$T_DIR/wanted" "$T_DIR/there")" ''

# the tests that the README names
sed -n '/^## What it promises/,/^## /p' README.md | grep -oE '\b(sql|t)/[a-z_]+' | sort -u | while IFS= read -r name; do
	[ -f "$name.sql" ] || [ -f "$name.sh" ] || printf '%s\n' "$name"
done >"$T_DIR/tests"
same 'tests that the README names and that are not there' "$(cat "$T_DIR/tests")" ''

# every design decision is in the index
for page in docs/design/*.md; do
	[ "${page##*/}" = index.md ] || grep -qF "(${page##*/})" docs/design/index.md || printf '%s\n' "${page##*/}"
done >"$T_DIR/pages"
same 'pages missing in the index of design decisions' "$(cat "$T_DIR/pages")" ''

# every SQLSTATE that the C code raises, by its five characters
letters=$(sed -n "s/^#define \(ERRCODE_[A-Z_0-9]*\)[ \t]*MAKE_SQLSTATE(\([^)]*\)).*/\1 \2/p" \
	src/errors.h "$("$PG_CONFIG" --includedir-server)/utils/errcodes.h" | tr -d "',")
grep -hoE 'ERRCODE_[A-Z_0-9]+' src/*.c src/*.h | sort -u | while IFS= read -r name; do
	code=$(printf '%s\n' "$letters" | sed -n "s/^$name //p")
	if [ -z "$code" ] || ! grep -q "^| [^|]*$code" docs/errors.md; then printf '%s %s\n' "$name" "$code"; fi
done >"$T_DIR/codes"
same 'codes missing in docs/errors.md' "$(cat "$T_DIR/codes")" ''

# and every message, by the words before its first variable part
cat src/*.c src/*.h | tr '\n' ' ' | grep -oE 'errmsg(_internal)?\([[:space:]]*"([^"\\]|\\.)*"' |
	sed -e 's/^[^"]*"//' -e 's/"$//' -e 's/\\"/"/g' | sort -u | while IFS= read -r message; do
	longest=$(printf '%s\n' "$message" | sed 's/ *"*%[a-z]*"* */\n/g' | awk 'length > length(l) { l = $0 } END { print l }')
	[ ${#longest} -lt 6 ] || grep -qF -- "$longest" docs/errors.md || printf '%s\n' "$message"
done >"$T_DIR/messages"
same 'messages missing in docs/errors.md' "$(cat "$T_DIR/messages")" ''

finish
