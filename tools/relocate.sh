#!/bin/sh
# tools/relocate.sh
# A private copy of an installed PostgreSQL into which one may install without being root.
#
# usage: relocate.sh PG_CONFIG DIRECTORY; prints the copy's pg_config.
# PostgreSQL finds its files relative to where its program stands, so copies of
# the programs beside symbolic links to everything else are a whole
# installation.  An installed crm_member is left out, for the copy gets its own.
set -eu
pg=$1 top=$2
bindir=$("$pg" --bindir) sharedir=$("$pg" --sharedir) pkglibdir=$("$pg" --pkglibdir)

# the longest path that the directories begin with
prefix=$(printf '%s\n' "$bindir" "$sharedir" "$pkglibdir" | awk -F/ '
	NR == 1 { n = NF; for (i = 1; i <= n; i++) part[i] = $i; next }
	{ for (i = 1; i <= n && part[i] == $i; i++) ; n = i - 1 }
	END { for (i = 2; i <= n; i++) printf "/%s", part[i] }')
moved() { printf '%s%s' "$top" "${1#"$prefix"}"; }
links() { # DIR: links to its entries
	mkdir -p "$(moved "$1")"
	for f in "$1"/*; do
		case ${f##*/} in crm_member*) continue ;; esac
		ln -s "$f" "$(moved "$1")/"
	done
}

rm -rf "$top"
mkdir -p "$(moved "$bindir")"
cp "$bindir"/* "$(moved "$bindir")/"
links "$pkglibdir"
links "$sharedir"
rm "$(moved "$sharedir")/extension"
links "$sharedir/extension"
for d in "$("$pg" --includedir)" "$("$pg" --pkgincludedir)" "$("$pg" --includedir-server)"; do
	to=$(moved "$d")
	[ -e "$to" ] || { mkdir -p "${to%/*}" && ln -s "$d" "$to"; }
done
printf '%s\n' "$(moved "$bindir")/pg_config"
