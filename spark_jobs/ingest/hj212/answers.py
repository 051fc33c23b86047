"""What the upper computer answers (HJ 212-2017, 6.6 and annex C): 9014 to data, 9013 to a notice, 9011 and 9012 to a request.

The gateway collects; it carries out no requests. It refuses one with 9011 (QnRtn 2) and ends it with 9012 (ExeRtn 3).
Commands of the 2025 edition after the open implementation caoyiliang/HJ212 (Enum.cs); the text of that edition was not at hand.
"""

from spark_jobs.ingest.hj212.messages import Message, items
from spark_jobs.ingest.hj212.packets import packed

REQUEST_ANSWER, RESULT, NOTICE_ANSWER, DATA_ANSWER = "9011", "9012", "9013", "9014"
ANSWERS = {REQUEST_ANSWER, RESULT, NOTICE_ANSWER, DATA_ANSWER}
NOTICES = {"1001", "1013", "1014", "2012", "2022", "9015"}  # serial number, clock, new key, stop watching (two), heartbeat
UPLOADED_WITH = {"1011": "SystemTime", "1061": "RtdInterval", "1063": "MinInterval", "3017": "CstartTime", "3018": "Stime"}  # else DataTime
REFUSED, WRONG_FLAG, CONDITION = 2, 6, 3  # QnRtn, QnRtn, ExeRtn


def answers(message: Message, editions: frozenset[str]) -> bytes:
    """The packets to send back, empty where none is wanted. An edition that is not spoken here is answered with QnRtn 6."""
    kind = kind_of(message)
    if not message.wants_answer or kind == "answer":
        return b""
    if message.edition not in editions:
        return _answer(message, REQUEST_ANSWER, f"QnRtn={WRONG_FLAG}")
    if kind == "notice":
        return _answer(message, NOTICE_ANSWER)
    if kind == "data":
        return _answer(message, DATA_ANSWER)
    return _answer(message, REQUEST_ANSWER, f"QnRtn={REFUSED}") + _answer(message, RESULT, f"ExeRtn={CONDITION}")


def kind_of(message: Message) -> str:
    """answer, notice, data or request. A request and the data that follow it share QN and CN; only data carry their time or value."""
    if message.cn in ANSWERS:
        return "answer"
    if message.cn in NOTICES:
        return "notice"
    return "data" if UPLOADED_WITH.get(message.cn, "DataTime") in items(message) else "request"


def _answer(message: Message, cn: str, area: str = "") -> bytes:
    version = message.flag & ~3
    return packed(f"QN={message.qn};ST=91;CN={cn};PW={message.pw};MN={message.mn};Flag={version};CP=&&{area}&&".encode())
