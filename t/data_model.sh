#!/bin/sh
# t/data_model.sh
# The page about the data model shows the tables as sql/crm makes them.
. "$(dirname -- "$0")/lib.sh"
same 'docs/design/data-model.md' "$(sh "$(dirname -- "$0")/../tools/data_model.sh" check)" ''
finish
