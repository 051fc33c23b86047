"""What stands on printed pages: words and pictures of a PDF, by pypdf."""

import io
import re
import unicodedata
from dataclasses import dataclass

from pypdf import PdfReader

# fonts write these signs as radicals (Unicode: EquivalentUnifiedIdeograph.txt), which NFKC leaves as they are
RADICALS = str.maketrans("⺠⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻮⻰", "民见角贝车长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙")


@dataclass
class Paper:
    pages: int
    words: str  # without spaces; the signs that a font writes in another form (⼴ for 广) in their own
    pictures: int  # a picture that the end of a page cuts counts twice

    def says(self, text: str) -> bool:
        return plain(text) in self.words


def read_paper(content: bytes) -> Paper:
    pages = PdfReader(io.BytesIO(content)).pages
    return Paper(len(pages), plain("".join(page.extract_text() for page in pages)), sum(len(page.images) for page in pages))


def plain(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text.translate(RADICALS)))
