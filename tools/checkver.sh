#!/bin/sh
# tools/checkver.sh
# The version in crm_member.control is the one that META.json, CHANGELOG.md and debian/changelog name.
#
# The control file is the only place that the build reads.  A git tag on the
# commit, where there is one, must be the same version too.
set -eu
cd "$(dirname -- "$0")/.."
control=$(sed -n "s/^default_version *= *'\([^']*\)'.*/\1/p" crm_member.control)
bad=0
differs() {
	echo "$1 says '$2', crm_member.control says '$control'"
	bad=1
}
# the version of META.json's own format stands in it too, under meta-spec
meta=$(sed '/"meta-spec"/,/}/d' META.json | sed -n 's/^[ \t]*"version": *"\([^"]*\)".*/\1/p' | sort -u | tr '\n' ' ')
[ "$meta" = "$control " ] || differs META.json "${meta% }"
if [ -f CHANGELOG.md ]; then
	log=$(sed -n 's/^## *\[\{0,1\}\([0-9][0-9.]*\).*/\1/p' CHANGELOG.md | head -n 1)
	[ "$log" = "$control" ] || differs CHANGELOG.md "$log"
fi
if [ -f debian/changelog ]; then
	package=$(sed -n '1s/^[^(]*(\([^-)]*\)-.*/\1/p' debian/changelog)
	[ "$package" = "$control" ] || differs debian/changelog "$package"
fi
if [ -e .git ] && command -v git >/dev/null; then
	tag=$(git tag --points-at HEAD 2>/dev/null | sed -n 's/^v\([0-9].*\)/\1/p' | head -n 1)
	[ -z "$tag" ] || [ "$tag" = "$control" ] || differs 'the git tag' "$tag"
fi
exit "$bad"
