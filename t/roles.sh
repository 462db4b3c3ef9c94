#!/bin/sh
# t/roles.sh
# docs/security.md shows the levels as a CRM schema knows them.
. "$(dirname -- "$0")/lib.sh"
same 'docs/security.md' "$(sh "$CRM_TREE/tools/roles.sh" check)" ''
finish
