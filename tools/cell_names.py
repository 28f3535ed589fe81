"""The names that a notebook's cells bind at their top level, and those that they read from other
cells: what hygiene.py needs to keep cells runnable in any order."""

from __future__ import annotations

import ast
import builtins
import symtable
from typing import NamedTuple

import nbformat

from .notebooks import code_cells


class Cell(NamedTuple):
    """The names that a cell gives a value, by import or otherwise, and those to which another cell
    has to give one: before this cell runs, or before the functions that it defines are called."""

    cell: nbformat.NotebookNode
    binds: frozenset[str]
    imported: frozenset[str]
    reads_now: frozenset[str]
    reads_later: frozenset[str]

    @property
    def reads(self) -> frozenset[str]:
        return self.reads_now | self.reads_later

    @property
    def is_solution(self) -> bool:
        return "solution" in self.cell.metadata.get("tags", [])


class _Order(ast.NodeVisitor):
    """Walks a cell in the order in which Python runs it; what a function reads is read when it is
    called, which may be after anything that the cell binds."""

    def __init__(self, source: str):
        self.bound, self.imported, self.reads, self.later = set(), set(), set(), set()
        self.visit(ast.parse(source))
        self.later -= self.bound

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load):
            if node.id not in self.bound:
                self.reads.add(node.id)
        else:
            self.bound.add(node.id)

    def visit_Assign(self, node):
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AugAssign(self, node):
        self.visit(node.value)
        if isinstance(node.target, ast.Name) and node.target.id not in self.bound:
            self.reads.add(node.target.id)
        self.visit(node.target)

    def visit_AnnAssign(self, node):
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def visit_For(self, node):
        self.visit(node.iter)
        self.visit(node.target)
        for statement in node.body + node.orelse:
            self.visit(statement)

    def visit_ExceptHandler(self, node):
        if node.name:
            self.bound.add(node.name)
        self.generic_visit(node)

    def visit_Import(self, node):
        names = {alias.asname or alias.name.split(".")[0] for alias in node.names}
        self.bound |= names
        self.imported |= names

    visit_ImportFrom = visit_Import

    def visit_FunctionDef(self, node):
        for decorator in node.decorator_list:
            self.visit(decorator)
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(default)
        self.bound.add(node.name)
        self.later |= _free_names(node)

    def visit_ClassDef(self, node):
        for base in [*node.bases, *(keyword.value for keyword in node.keywords)]:
            self.visit(base)
        self.bound.add(node.name)
        self.later |= _free_names(node)

    def visit_Lambda(self, node):
        self.later |= _free_names(ast.Expr(node))

    def visit_comprehension_scope(self, node):
        self.visit(node.generators[0].iter)
        self.reads |= _free_names(ast.Expr(node)) - self.bound

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_comprehension_scope


def _free_names(node: ast.stmt) -> set[str]:
    """What a function, class or comprehension reads from outside itself."""
    table = symtable.symtable(ast.unparse(node), "cell", "exec")
    free, tables = set(), list(table.get_children())
    while tables:
        inner = tables.pop()
        tables += inner.get_children()
        free |= {symbol.get_name() for symbol in inner.get_symbols() if symbol.is_global()}
    return free


def cells_of(notebook: nbformat.NotebookNode) -> list[Cell]:
    """One entry a code cell; cells that are no plain Python bind and read nothing."""
    found = []
    for cell in code_cells(notebook):
        try:
            order = _Order(cell.source)
        except SyntaxError:
            continue
        reads = [names - set(dir(builtins)) for names in (order.reads, order.later)]
        found.append(Cell(cell, *map(frozenset, (order.bound, order.imported, *reads))))
    return found
