#!/usr/bin/python3
# tools/lint_sql.py
"""Rules for the assembled install script, checked on its parse tree (Debian's python3-pglast).

usage: lint_sql.py crm_member--X.Y.sql

An install script must make exactly its own objects in its own schema: a
statement that quietly takes what is there already (OR REPLACE, IF NOT EXISTS)
or whose target depends on search_path would let a stranger prepare them.
"""
import re
import sys

import pglast
from pglast import ast

SCHEMA = "crm_member"
ORDER = ("volatility", "strict", "parallel")
FORBIDDEN = {  # statement class: why
    "CreateStmt": "the extension owns no table",
    "CreateTableAsStmt": "the extension owns no table or materialized view",
    "CreateSeqStmt": "the extension owns no sequence",
    "ViewStmt": "the extension owns no view",
    "CreateRoleStmt": "the extension makes no role",
    "CreateEventTrigStmt": "the extension makes no event trigger",
    "CreateTrigStmt": "the extension makes no trigger",
    "CreateExtensionStmt": "the extension requires no other",
    "VariableSetStmt": "the script leaves settings alone",
    "TransactionStmt": "CREATE EXTENSION is one transaction",
}


class Lint:
    def __init__(self, text):
        self.text = text
        self.bad = []

    def complain(self, raw, what):
        start = raw.stmt_location or 0
        body = self.text[start:]
        start += len(body) - len(body.lstrip())
        line = self.text.count("\n", 0, start) + 1
        words = " ".join(self.text[start:start + 300].split())
        words = re.sub(r"(--.*?)(?=CREATE |COMMENT |DO |GRANT |ALTER )", "", words)
        self.bad.append(f"line {line}: {what}: {words[:90]}")

    @staticmethod
    def parts(names):
        return [n.val if isinstance(n, ast.String) and hasattr(n, "val") else n.sval for n in names]

    def qualified(self, raw, names, what):
        p = self.parts(names)
        if len(p) != 2 or p[0] != SCHEMA:
            self.complain(raw, f"{what} {'.'.join(p)} is not in schema {SCHEMA} by name")
        return p[-1]

    def function(self, raw, s):
        name = self.qualified(raw, s.funcname, "function")
        options = {}
        for o in s.options or ():
            options.setdefault(o.defname, []).append(o.arg)
        for wanted in ("volatility", "parallel", "language"):
            if wanted not in options:
                self.complain(raw, f"function {name} does not state its {wanted}")
        order = [o.defname for o in s.options or () if o.defname in ORDER]
        if order != [w for w in ORDER if w in order]:
            self.complain(raw, f"function {name} states volatility, strictness and parallel safety in another order")
        if "security" in options and self.truth(options["security"][0]):
            self.complain(raw, f"function {name} is SECURITY DEFINER")
        if "leakproof" in options and self.truth(options["leakproof"][0]):
            self.complain(raw, f"function {name} is LEAKPROOF")
        language = self.word(options.get("language", [None])[0])
        if language in ("sql", "plpgsql") and "as" in options and s.sql_body is None:
            pins = [a for a in options.get("set", []) if a.name == "search_path"]
            last = self.word(pins[-1].args[-1].val) if pins and pins[-1].args else None
            if last != "pg_temp":
                self.complain(raw, f"function {name} is neither parsed nor has a search_path that ends in pg_temp")

    @staticmethod
    def truth(node):
        value = getattr(node, "boolval", getattr(node, "val", getattr(node, "ival", None)))
        return value in (True, 1)

    @staticmethod
    def word(node):
        for attribute in ("sval", "val", "str"):
            value = getattr(node, attribute, None)
            if isinstance(value, str):
                return value
        return None

    def statement(self, raw):
        s = raw.stmt
        kind = type(s).__name__
        if kind in FORBIDDEN:
            self.complain(raw, FORBIDDEN[kind])
        if getattr(s, "replace", False):
            self.complain(raw, "OR REPLACE")
        if getattr(s, "if_not_exists", False):
            self.complain(raw, "IF NOT EXISTS")
        if kind == "CreateFunctionStmt":
            self.function(raw, s)
        elif kind == "DefineStmt":
            name = self.qualified(raw, s.defnames, s.kind.name.replace("OBJECT_", "").lower())
            if s.kind.name == "OBJECT_AGGREGATE":
                stated = {d.defname for d in s.definition or ()}
                if "parallel" not in stated:
                    self.complain(raw, f"aggregate {name} does not state its parallel safety")
        elif kind in ("CreateEnumStmt", "CreateRangeStmt"):
            self.qualified(raw, s.typeName, "type")
        elif kind == "CreateDomainStmt":
            self.qualified(raw, s.domainname, "domain")
        elif kind == "CompositeTypeStmt":
            if s.typevar.schemaname != SCHEMA:
                self.complain(raw, f"type {s.typevar.relname} is not in schema {SCHEMA} by name")
        elif kind in ("CreateOpClassStmt", "CreateOpFamilyStmt"):
            names = s.opclassname if kind == "CreateOpClassStmt" else s.opfamilyname
            self.qualified(raw, names, "operator class or family")
        elif kind == "CreateSchemaStmt":
            if s.schemaname != SCHEMA:
                self.complain(raw, f"schema {s.schemaname} is not {SCHEMA}")
        elif kind not in ("CommentStmt", "GrantStmt", "DoStmt", "CreateCastStmt", "AlterFunctionStmt",
                          "AlterOperatorStmt", "AlterTypeStmt", "AlterOpFamilyStmt") and kind not in FORBIDDEN:
            self.complain(raw, f"a {kind} is not expected here")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as f:
        text = f.read()
    first, rest = text.split("\n", 1)
    if not (first.startswith("\\echo ") and first.endswith("\\quit")):
        sys.exit("the first line is not the hint that stops psql")
    text = "\n" + rest  # keeps the line numbers
    # psql's own commands have no place after that line
    for n, line in enumerate(text.split("\n"), 1):
        if re.match(r"\\[a-z]", line):
            sys.exit(f"line {n}: a psql command: {line}")
    lint = Lint(text.encode("utf-8").decode("latin-1"))  # the parser counts bytes
    statements = pglast.parse_sql(text)
    for raw in statements:
        lint.statement(raw)
    for complaint in lint.bad:
        print(complaint.encode("latin-1").decode("utf-8", "replace"))
    print(f"{len(statements)} statements, {len(lint.bad)} complaints")
    sys.exit(1 if lint.bad else 0)


if __name__ == "__main__":
    main()
