# Makefile
# Builds, installs and tests crm_member with PGXS.  `make help` lists the targets.
#
# The version lives in crm_member.control alone.  New files are found by
# wildcard: src/*.c, src/core/*.c, sql/extension/*.sql, sql/*.sql (regression
# tests), specs/*.spec (isolation tests), unit/test_*.c, fuzz/fuzz_*.c.
# Building elsewhere works too:  make -f /path/to/checkout/Makefile.
# CI=1 turns every warning into an error.  V=1 shows the commands.

srcdir     := $(patsubst %/,%,$(dir $(firstword $(MAKEFILE_LIST))))
makefile   := $(abspath $(firstword $(MAKEFILE_LIST)))
EXTENSION   = crm_member
EXTVERSION := $(shell sed -n "s/^default_version *= *'\([^']*\)'.*/\1/p" $(srcdir)/crm_member.control)
INSTALL_SQL = $(EXTENSION)--$(EXTVERSION).sql

from_src    = $(patsubst $(srcdir)/%,%,$(wildcard $(addprefix $(srcdir)/,$(1))))
C_FILES    := $(sort $(call from_src,src/*.c src/core/*.c))
C_HEADERS  := $(wildcard $(srcdir)/src/*.h $(srcdir)/src/core/*.h)
SQL_FILES  := $(sort $(wildcard $(srcdir)/sql/extension/*.sql))
CRM_FILES  := $(sort $(wildcard $(srcdir)/sql/crm/*.sql))
# the layout of a CRM schema is the highest that its modules hold
CRM_LAYOUT := $(shell sed -n 's/^--@ layout \([0-9]*\)$$/\1/p' $(CRM_FILES) | sort -n | tail -n 1)

MODULE_big  = crm_member
OBJS        = $(C_FILES:.c=.o)
DATA_built  = $(INSTALL_SQL)
DATA        = $(call from_src,sql/upgrade/$(EXTENSION)--*--*.sql)

# install is the first test and uninstall the last; the others run in name order
TESTS      := $(sort $(patsubst sql/%.sql,%,$(call from_src,sql/*.sql)))
REGRESS     = $(filter install,$(TESTS)) $(filter-out install uninstall,$(TESTS)) $(filter uninstall,$(TESTS))
REGRESS_OPTS = --inputdir=$(srcdir) --encoding=UTF8
SPECS      := $(sort $(patsubst specs/%.spec,%,$(call from_src,specs/*.spec)))
ifneq (,$(SPECS))
ISOLATION   = $(SPECS)
ISOLATION_OPTS = --inputdir=$(srcdir)
endif

ICU_CFLAGS := $(shell pkg-config --cflags icu-i18n icu-uc 2>/dev/null)
ICU_LIBS   := $(shell pkg-config --libs icu-i18n icu-uc 2>/dev/null || echo -licui18n -licuuc)
# CI=1, but not CI=true: hosted builds set that, and a newer compiler must not break a user's build
STRICT      = $(if $(filter 1,$(CI)),-Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers -Werror)
PG_CPPFLAGS = -I$(srcdir)/src -DCRM_VERSION='"$(EXTVERSION)"' -DCRM_LAYOUT='"$(CRM_LAYOUT)"' $(ICU_CFLAGS)
PG_CFLAGS  += $(STRICT) $(SANITIZE)
SHLIB_LINK  = $(ICU_LIBS) -lm $(SANITIZE)
EXTRA_CLEAN = $(EXTENSION)--*.sql unit/build fuzz/build asan assertions plant coverage package results output_iso regression.diffs regression.out $(DIST).tar.gz
DIST        = $(EXTENSION)-$(EXTVERSION)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
# a PostgreSQL that was built in its own source directory does not set this for a build elsewhere
ifneq (.,$(srcdir))
VPATH := $(srcdir)
endif
# PGXS's first target is `all`; everything of ours stands below it
include $(PGXS)

ifndef V
.SILENT:
endif

# PGXS keeps no header dependencies: any header changed means everything is built again
$(OBJS): $(C_HEADERS) $(srcdir)/crm_member.control | $(CURDIR)/src/core
$(OBJS:.o=.bc): | $(CURDIR)/src/core
$(CURDIR)/src/core $(CURDIR)/unit/build $(CURDIR)/fuzz/build:
	mkdir -p $@

# One install script from the modules, in name order, with the template of a CRM schema behind them.
# Sourced in psql it stops at its first line.
$(INSTALL_SQL): $(SQL_FILES) $(CRM_FILES) $(srcdir)/tools/template.sh $(srcdir)/crm_member.control
	{ printf '%s\n' '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit'; cat $(SQL_FILES); sh $(srcdir)/tools/template.sh $(CRM_LAYOUT) $(CRM_FILES); } > $@.part
	mv $@.part $@

# --- tests of src/core without PostgreSQL, under AddressSanitizer and UBSan ---
UNIT_NAMES := $(sort $(patsubst unit/test_%.c,%,$(call from_src,unit/test_*.c)))
UNIT_CORE   = $(patsubst src/core/%.c,unit/build/%.o,$(filter src/core/%,$(C_FILES)))
UNIT_FLAGS  = -std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all -I$(srcdir)/src -I$(srcdir)/unit

.PHONY: unit unit-build unit-list
unit: unit-build ## unit tests of src/core, without PostgreSQL
	set -e; for n in $(UNIT_NAMES); do unit/build/test_$$n; done
unit-build: $(UNIT_NAMES:%=unit/build/test_%)
unit-list:
	printf '%s\n' $(UNIT_NAMES)
$(UNIT_CORE): unit/build/%.o: $(srcdir)/src/core/%.c $(C_HEADERS) | $(CURDIR)/unit/build
	$(CC) $(UNIT_FLAGS) -c $< -o $@
unit/build/test_%: $(srcdir)/unit/test_%.c $(UNIT_CORE) $(wildcard $(srcdir)/unit/*.h) | $(CURDIR)/unit/build
	$(CC) $(UNIT_FLAGS) $< $(UNIT_CORE) -lm -o $@

# --- fuzzing of src/core: clang's libFuzzer, each target FUZZ_SECONDS long ---
FUZZ_CC      = clang
FUZZ_SECONDS = 60
FUZZ_DIR    := $(CURDIR)/fuzz/build
FUZZ_NAMES  := $(sort $(patsubst fuzz/fuzz_%.c,%,$(call from_src,fuzz/fuzz_*.c)))
FUZZ_CORE    = $(patsubst src/core/%.c,$(FUZZ_DIR)/%.o,$(filter src/core/%,$(C_FILES)))
FUZZ_FLAGS   = -std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I$(srcdir)/src -I$(srcdir)/fuzz

.PHONY: fuzz fuzz-build
# what is found beyond the corpus of the tree goes to fuzz/build, and so does an input that fails
fuzz: fuzz-build ## fuzz tests of src/core (clang), FUZZ_SECONDS=60 for each target
	set -e; for n in $(FUZZ_NAMES); do \
		mkdir -p $(FUZZ_DIR)/found-$$n; \
		$(FUZZ_DIR)/fuzz_$$n -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 -rss_limit_mb=1024 -verbosity=0 \
			-artifact_prefix=$(FUZZ_DIR)/$$n- $(FUZZ_DIR)/found-$$n $(srcdir)/fuzz/corpus/$$n >$(FUZZ_DIR)/$$n.log 2>&1 || \
			{ tail -n 60 $(FUZZ_DIR)/$$n.log; exit 1; }; \
		echo "fuzz/fuzz_$$n.c: no finding in $(FUZZ_SECONDS) s"; \
	done
fuzz-build: $(FUZZ_NAMES:%=$(FUZZ_DIR)/fuzz_%)
$(FUZZ_CORE): $(FUZZ_DIR)/%.o: $(srcdir)/src/core/%.c $(C_HEADERS) | $(FUZZ_DIR)
	$(FUZZ_CC) $(FUZZ_FLAGS) -c $< -o $@
$(FUZZ_DIR)/fuzz_%: $(srcdir)/fuzz/fuzz_%.c $(srcdir)/fuzz/fuzz.h $(FUZZ_CORE) | $(FUZZ_DIR)
	$(FUZZ_CC) $(FUZZ_FLAGS) $< $(FUZZ_CORE) -lm -o $@

# --- the rest ---
.PHONY: asan coverage package checkver dist docs help regress-list
asan: ## the regression tests with the module under AddressSanitizer and UBSan
	PG_CONFIG=$(PG_CONFIG) sh $(srcdir)/tools/asan.sh

coverage: ## lines of src/ that the tests run, by file (lcov)
	PG_CONFIG=$(PG_CONFIG) sh $(srcdir)/tools/coverage.sh

package: ## Debian packages of the last commit, seen by lintian
	sh $(srcdir)/tools/package.sh

checkver: ## control file, META.json and CHANGELOG.md name one version
	sh $(srcdir)/tools/checkver.sh

dist: ## $(DIST).tar.gz from the last commit
	git -C $(srcdir) archive --format=tar --prefix=$(DIST)/ HEAD | gzip -9n > $(DIST).tar.gz

docs: ## docs/reference.md from the catalog, and the outputs of the examples (PGHOST, PGPORT, PGUSER of a server that has the extension)
	sh $(srcdir)/tools/reference.sh
	sh $(srcdir)/tools/roles.sh
	sh $(srcdir)/tools/examples.sh

regress-list:
	printf '%s\n' $(REGRESS)

help: ## this list
	echo 'make            build          make install       install into $(PG_CONFIG)'
	echo 'make clean      remove         make installcheck  regression tests on a running server (PGHOST, PGPORT, PGUSER)'
	sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1\t\2/p' $(makefile)
	echo './crm help      the same without make: install what is missing, demo, tests'
