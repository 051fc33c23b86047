"""What a contract may ask to be put right in a text before it is typed (`normalise` of a property), as DuckDB SQL over TEXT.

Whatever is changed is flagged NORMALISED on its row, and bronze keeps the text as sent: nothing is put right in silence.
"""

WIDE = "".join(map(chr, range(0xFF01, 0xFF5F))) + "￥"
NARROW = ("".join(map(chr, range(0x21, 0x7F))) + "¥").replace("'", "''")
INVISIBLE = r"[\x{00A0}\x{00AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2069}\x{3000}\x{FEFF}]"
LONG = "(left(TEXT, 6) || '19' || substr(TEXT, 7))"  # GB 11643-1999: the year of birth in four digits, then the check character
CHECK_SUM = f"list_sum(list_transform([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], lambda weight, place: weight * {LONG}[place]::integer))"

NORMALISED = {
    # full-width letters, digits and signs
    "width": f"translate(TEXT, '{WIDE}', '{NARROW}')",
    # spaces, joiners and marks of direction that no eye sees
    "invisible": f"regexp_replace(TEXT, '{INVISIBLE}', '', 'g')",
    "currency": "regexp_replace(TEXT, '^[¥￥]', '')",
    # only where every group has three digits
    "thousands": "case when regexp_matches(TEXT, '^[+-]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]+)?$') then replace(TEXT, ',', '') else TEXT end",
    # the dates that programs write for "unknown" and "for ever"
    "sentinel_dates": "case when TEXT in ('1900-01-01', '9999-12-31') then null else TEXT end",
    # a citizen number of 15 digits in its form of 18
    "citizen_number": f"case when regexp_matches(TEXT, '^[1-9][0-9]{{14}}$') then {LONG} || substr('10X98765432', 1 + ({CHECK_SUM} % 11)::integer, 1) else TEXT end",
}
