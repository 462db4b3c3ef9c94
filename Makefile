# crm_member: make, make install, make installcheck, make unit.  Version: crm_member.control only.
EXTENSION  = crm_member
EXTVERSION := $(shell sed -n "s/^default_version *= *'\([^']*\)'.*/\1/p" crm_member.control)
INSTALL_SQL = $(EXTENSION)--$(EXTVERSION).sql

MODULE_big = crm_member
OBJS       = $(patsubst $(srcdir)/%.c,%.o,$(wildcard $(srcdir)/src/*.c $(srcdir)/src/core/*.c))
DATA_built = $(INSTALL_SQL)
DATA       = $(wildcard $(srcdir)/sql/upgrade/$(EXTENSION)--*--*.sql)

srcdir     ?= .
TESTS      = $(patsubst $(srcdir)/sql/%.sql,%,$(wildcard $(srcdir)/sql/*.sql))
REGRESS    = install $(filter-out install uninstall,$(TESTS)) uninstall
REGRESS_OPTS = --inputdir=$(srcdir) --encoding=UTF8

ICU_CFLAGS := $(shell pkg-config --cflags icu-i18n icu-uc 2>/dev/null)
ICU_LIBS   := $(shell pkg-config --libs icu-i18n icu-uc 2>/dev/null || echo -licui18n -licuuc)
PG_CPPFLAGS = -I$(srcdir)/src -DCRM_VERSION='"$(EXTVERSION)"' $(ICU_CFLAGS)
PG_CFLAGS  += $(if $(CI),-Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers -Werror)
SHLIB_LINK  = $(ICU_LIBS) -lm
EXTRA_CLEAN = $(INSTALL_SQL) unit/build

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# One install script from the modules, in name order. Sourced in psql it stops at its first line.
$(INSTALL_SQL): $(sort $(wildcard $(srcdir)/sql/extension/*.sql)) $(srcdir)/crm_member.control
	@{ printf '%s\n' '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit'; cat $(filter %.sql,$^); } > $@

.PHONY: unit
unit: ## tests of src/core, without PostgreSQL
	@mkdir -p unit/build
	@set -e; for t in $(srcdir)/unit/test_*.c; do n=$$(basename $$t .c); \
	  $(CC) -std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all \
	    -I$(srcdir)/src -I$(srcdir)/unit $$t $(srcdir)/src/core/*.c -lm -o unit/build/$$n; unit/build/$$n; done
