"""Cells that a spreadsheet would run, and cells that only look like it."""

BODIES = [
    "{}1+1", "{}cmd|' /C calc'!A0", "{}HYPERLINK(\"http://127.0.0.1/?\"&A1,\"点击\")", "{}SUM(1)*cmd|'/c powershell'!A0", "{}IMPORTXML(CONCAT(\"http://127.0.0.1\",A1),\"//a\")",
    "{}2+5+cmd|' /C calc'!A0", "{}WEBSERVICE(\"http://127.0.0.1\")", "{}A1", "{}合计(A1:A9)", "{}\n1+1", "{}\"x\"", "{}1;{}2", "{}{}1+cmd",
]  # fmt: skip
SIGNS = ["=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦", "﹢", "﹣", "﹫", "−"]
BEFORE = ["\ufeff", "\u200b", "\x00", " ", "\t", "\r", "\n", "\u3000", "\u00a0", "\u2060", "\u00ad", "\x0b", "\x1f", "\u202e", '"', "'", '"\u200b', "“", "\u200d\ufeff ", "\u3164", "\ufe0f", "''"]
# every body with every sign, then the plain formula behind everything that is not seen, and text that begins a new cell by itself
HOSTILE = [body.replace("{}", sign) for body in BODIES for sign in SIGNS]
HOSTILE += [before + sign + "1+1" for before in BEFORE for sign in ("=", "＝", "+")] + ["\tDDE", "\rDDE", "\n=1", "'\tx"]
HARMLESS = ["桂林", "a=b", "x+1", "1-2", "-12.5", "+3", "-1e-05", "- 12" .replace(" ", ""), "'quoted'", "O'Neill", "", " 首空格", "\"引号\"", "2024-01-31", "0012", "user@example.org", "1,234", "«=»", "A-1", "(-5)", "—"]  # fmt: skip
