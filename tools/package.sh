#!/bin/sh
# tools/package.sh
# Builds the Debian packages of the last commit in ./package, and has lintian look at them.
#
# A package a server version that is installed here with its headers
# (debian/pgversions). Fails on any error of lintian; its warnings are printed.
# It looks too whether the files of the extension are in them.
# Needs dpkg-dev, debhelper, postgresql-server-dev-all and lintian.
set -eu
for need in dpkg-buildpackage dh pg_buildext lintian; do
	command -v "$need" >/dev/null || { echo "no $need"; exit 77; }
done
src=$(cd "$(dirname -- "$0")/.." && pwd)
version=$(sed -n "s/^default_version *= *'\([^']*\)'.*/\1/p" "$src/crm_member.control")
top=$(pwd)/package
rm -rf "$top"
mkdir -p "$top"
tree=$top/crm-member-$version
if git -C "$src" rev-parse --git-dir >/dev/null 2>&1; then
	git -C "$src" archive --prefix="crm-member-$version/" HEAD | tar -x -C "$top"
else
	cp -a "$src" "$tree"
fi
cd "$tree"
pg_buildext updatecontrol
dpkg-buildpackage -us -uc -b -j"$(nproc)" >"$top/build.log" 2>&1 || { tail -n 40 "$top/build.log"; exit 1; }
cd "$top"
ls ./*.deb
LC_ALL=C.UTF-8 lintian --allow-root --fail-on error ./*.changes
for deb in ./postgresql-*-crm-member_*.deb; do
	dpkg-deb -c "$deb" >files
	for f in 'lib/crm_member\.so' 'extension/crm_member\.control' "extension/crm_member--$version\\.sql" 'doc/.*/README\.md'; do
		grep -q "$f" files || { echo "$deb lacks $f"; exit 1; }
	done
done
