"""Write what is made from the table of rules: docs/validation-rules.md, and the English that the web knows a rule's words by (`make docs`).

A contract test notices when one of them is not current.
"""

import json
from itertools import groupby
from pathlib import Path
from string import Formatter

from groundwork.rules import RULES, Rule

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/validation-rules.md"
WORDS = ROOT / "console/src/languages/rules.en.json"

_TOP = """# Validation rules

Every rule that input can break. The same table serves the API, the launch of a labeling job and a manifest that is uploaded. An error keeps
a labeling job from launching, a warning does not. A fault of the data is counted, and its first 100 places are in the validation report.
Words in ⟨ ⟩ are filled in. Made from `groundwork/rules.py` by `make docs`.
"""


def page() -> str:
    """The whole page, Markdown: a table for each kind of rule, in the order of the table in the code."""
    parts = [_TOP]
    for kind, rules in groupby(RULES.values(), key=lambda rule: rule.code.partition(".")[0]):
        rows = "\n".join(map(_row, rules))
        parts.append(f"## {kind}\n\n| Code | Severity | What is wrong | What to do | Source |\n| --- | --- | --- | --- | --- |\n{rows}\n")
    return "\n".join(parts)


def words() -> str:
    """JSON: for each rule its message and remedy, as templates."""
    return json.dumps({rule.code: [rule.message, rule.remedy] for rule in RULES.values()}, indent=2) + "\n"


def _row(rule: Rule) -> str:
    cells = (f"`{rule.code}`", rule.severity.value, _filled_in(rule.message), _filled_in(rule.remedy), rule.source)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|').replace('<', '&lt;') for cell in cells)} |"


def _filled_in(template: str) -> str:
    return "".join(text + (f"⟨{field.replace('_', ' ')}⟩" if field else "") for text, field, _, _ in Formatter().parse(template))


if __name__ == "__main__":
    PAGE.write_text(page())
    WORDS.write_text(words())
