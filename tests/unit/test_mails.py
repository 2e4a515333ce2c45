"""The sample mails: complete, safe to ship, dated now, and part of the same small Internet as the DNS."""

import base64
import dataclasses
import email
import email.policy
import io
import re
import subprocess
import zipfile
from email.message import EmailMessage
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import dkim
import jinja2
import pytest

import labs
from labs.errors import LabError
from labs.mails import Envelope, attachments, catalogue, load
from labs.mails.loading import MAX_SIZE

LABS = Path(labs.__file__).parent
SAMPLES = list(catalogue().values())
SIGNED = [sample for sample in SAMPLES if sample.dkim]
INSIDE = ip_network("10.0.10.0/24")
TEST_NETS = [ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]
GROUPS = ["Gut", "Werbung und Spam", "Betrug", "Schadcode", "Technik"]
GTUBE = "JS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


def parse(mail: bytes) -> EmailMessage:
    return email.message_from_bytes(mail, policy=email.policy.default)


def built(name: str) -> EmailMessage:
    return parse(catalogue()[name].build())


def attachment(name: str) -> bytes:
    [part] = built(name).iter_attachments()
    return part.get_content()


def readable(mail: EmailMessage) -> str:
    """Decoded headers and texts of all parts: everything a person or a URL parser sees."""
    texts = []
    for part in mail.walk():
        texts += [f"{name}: {value}" for name, value in part.items()]
        if part.get_content_type() in ("text/plain", "text/html", "text/rfc822-headers"):
            texts.append(part.get_payload(decode=True).decode())
    return "\n".join(texts)


@pytest.fixture(scope="module")
def dkim_key() -> bytes:
    return subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def dkim_record(dkim_key: bytes) -> str:
    command = ["openssl", "rsa", "-pubout", "-outform", "DER"]
    public = subprocess.run(command, input=dkim_key, capture_output=True, check=True).stdout
    return "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()


@pytest.fixture(scope="module")
def internet(dkim_record: str) -> dict[tuple[str, str], list[str]]:
    """The local-data of internet.conf as (name, type) -> values; PTR names are IP addresses."""
    template = (LABS / "config/unbound/internet.conf").read_text("utf-8")
    text = jinja2.Template(template, undefined=jinja2.StrictUndefined).render(secrets={"dkim_record": dkim_record})
    records: dict[tuple[str, str], list[str]] = {}
    for line in filter(None, (line.split("#")[0].strip() for line in text.splitlines())):
        if match := re.fullmatch(r"""local-data: (["'])(\S+)\. (A|MX|TXT) (.+)\1""", line):
            records.setdefault((match[2], match[3]), []).append(match[4])
        else:
            match = re.fullmatch(r'local-data-ptr: "(\S+) (\S+)"', line)
            assert match, line
            records.setdefault((match[1], "PTR"), []).append(match[2])
    return records


def test_catalogue_is_large_enough_for_the_workbook():
    assert len(catalogue()) >= 14


def test_catalogue_and_files_match_one_to_one():
    assert {file.name for file in (LABS / "mails/samples").iterdir()} == {f"{name}.eml" for name in catalogue()}


def test_groups_stand_together_in_reading_order():
    assert list(dict.fromkeys(sample.group for sample in SAMPLES)) == GROUPS
    assert [sample.group for sample in SAMPLES] == sorted((s.group for s in SAMPLES), key=GROUPS.index)


def test_values_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        catalogue()["sauber"].title = "anders"
    with pytest.raises(TypeError):
        catalogue()["neu"] = catalogue()["sauber"]


@each_sample
def test_texts_for_the_reader_are_complete_and_name_no_scores(sample):
    assert sample.title and sample.shows.endswith(".")
    assert not re.search(r"\d+[.,]\d|Punkt", sample.shows)


@each_sample
def test_mail_is_well_formed(sample):
    raw = sample.build()
    assert re.search(rb"\r(?!\n)|(?<!\r)\n", raw) is None
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.split(b"\r\n\r\n")[0].isascii()
    assert [defect for part in parse(raw).walk() for defect in part.defects] == []


@each_sample
def test_mail_has_the_headers_it_should(sample):
    mail = parse(sample.build())
    missing = {name for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version") if name not in mail}
    assert missing == ({"Date", "Message-ID", "MIME-Version"} if sample.name == "ohne-kopfzeilen" else set())


@each_sample
def test_envelope_says_everything_about_a_mail(sample):
    envelope = sample.envelope
    assert all((envelope.from_, envelope.rcpt, envelope.ip, envelope.helo, envelope.hostname))
    inwards = all(rcpt.endswith("@firma.example") for rcpt in envelope.rcpt)
    expected = {"incoming_default": (True, ""), "internal": (True, ""), "outgoing_prequeue": (False, envelope.from_)}
    assert (inwards, envelope.user) == expected[envelope.mta_name]
    assert (ip_address(envelope.ip) in INSIDE) is (envelope.mta_name != "incoming_default")


@each_sample
def test_only_documentation_names_and_addresses_occur(sample):
    text = f"{readable(parse(sample.build()))}\n{sample.envelope}"
    hosts = set(re.findall(r"@([\w.-]+\w)", text)) | set(re.findall(r"https?://([^/\s]+)", text))
    hosts |= set(re.findall(r"\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|info|biz|de|eu|at|ch|io|ru|example|test)\b", text))
    assert hosts
    assert [host for host in hosts if not host.endswith((".example", ".test"))] == []
    addresses = re.findall(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", text)
    assert addresses
    assert [a for a in addresses if not any(ip_address(a) in net for net in (*TEST_NETS, INSIDE))] == []


def test_eicar_string_is_in_no_file():
    eicar = attachments.eicar()
    files = [file for file in LABS.rglob("*") if file.is_file()]
    assert len(files) > 20
    assert [file for file in files if eicar in file.read_bytes()] == []


def test_mails_are_dated_anew_with_each_build():
    first, second = built("sauber"), built("sauber")
    assert first["Message-ID"] != second["Message-ID"]
    age = email.utils.localtime() - second["Date"].datetime
    assert abs(age.total_seconds()) < 60


@pytest.mark.parametrize("sample", SIGNED, ids=lambda sample: sample.name)
def test_signature_verifies_against_the_dns_of_the_lab(sample, dkim_key, internet):
    def dnsfunc(name: bytes, timeout: int = 5) -> bytes:
        [value] = internet[name.decode().rstrip("."), "TXT"]
        return "".join(re.findall(r'"([^"]*)"', value)).encode()

    mail, _ = load(sample.name, dkim_key)
    assert dkim.verify(mail, dnsfunc=dnsfunc)
    assert not dkim.verify(mail + b"Nachtrag\r\n", dnsfunc=dnsfunc)


def test_signed_and_unsigned_mails():
    assert {sample.name for sample in SIGNED} >= {"sauber", "newsletter", "weitergeleitet"}
    assert built("sauber")["DKIM-Signature"] is None


def test_mail_without_dkim_domain_stays_unsigned(dkim_key):
    assert parse(catalogue()["phishing"].build(dkim_key))["DKIM-Signature"] is None


@each_sample
def test_dns_knows_the_server_forwards_and_backwards(sample, internet):
    envelope = sample.envelope
    assert internet[envelope.ip, "PTR"] == [envelope.hostname]
    assert envelope.ip in internet[envelope.hostname, "A"]


@each_sample
def test_dns_knows_every_sender_domain(sample, internet):
    domains = {str(address.domain) for address in parse(sample.build())["From"].addresses}
    domains |= {sample.envelope.from_.partition("@")[2]} - {""}
    assert [domain for domain in domains if (domain, "MX") not in internet or (domain, "TXT") not in internet] == []


def test_dns_policies_of_the_world(internet):
    assert internet["_dmarc.sparbank.example", "TXT"] == ['"v=DMARC1; p=reject"']
    assert internet["66.100.51.198.zen.spamhaus.org", "A"] == ["127.0.0.4", "127.0.0.11"]
    assert internet["sparbank-sicherheit.test.dbl.spamhaus.org", "A"] == ["127.0.1.4"]
    assert internet["guenstig-apotheke.test.dbl.spamhaus.org", "A"] == ["127.0.1.2"]


def test_txt_strings_fit_into_dns(internet):
    texts = [text for (_, kind), values in internet.items() if kind == "TXT" for text in values]
    strings = re.findall(r'"([^"]*)"', " ".join(texts))
    assert strings
    assert max(map(len, strings)) <= 255


@pytest.mark.parametrize(
    ("name", "letter"), [("gtube", "X"), ("gtube-add-header", "Y"), ("gtube-rewrite-subject", "Z")]
)
def test_gtube_patterns_stand_on_a_line_of_their_own(name, letter):
    assert letter + GTUBE in built(name).get_content().splitlines()


def test_newsletter_can_be_unsubscribed_with_one_click():
    mail = built("newsletter")
    assert "https://www.rundbrief.example/" in mail["List-Unsubscribe"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.get_content_type() == "multipart/alternative"


def test_phishing_link_shows_the_bank_and_leads_elsewhere():
    page = built("phishing").get_body(("html",)).get_content()
    [(target, text)] = re.findall(r'<a href="([^"]+)">([^<]+)</a>', page)
    assert urlsplit(text).hostname == "www.sparbank.example"
    assert urlsplit(target).hostname == "www.sparbank-sicherheit.test"


def test_reply_in_capitals_answers_nothing():
    mail = built("grossbuchstaben")
    assert mail["Subject"].startswith("RE:") and mail["Subject"].isupper()
    assert "In-Reply-To" not in mail and "References" not in mail


def test_picture_mail_has_one_picture_and_no_text():
    html, picture = built("nur-bild").iter_parts()
    assert re.sub(r"<[^>]+>|\s", "", html.get_content()) == ""
    assert picture.get_content() == attachments.pixel()


def test_bounce_comes_from_nobody_and_is_a_report():
    mail = built("bounce")
    assert catalogue()["bounce"].envelope.from_ == "<>"
    assert mail.get_content_type() == "multipart/report"
    assert [part.get_content_type() for part in mail.iter_parts()][1] == "message/delivery-status"


def test_forwarded_mail_comes_from_a_server_spf_does_not_name(internet):
    sample = catalogue()["weitergeleitet"]
    assert sample.envelope.ip == "203.0.113.40"
    assert internet["partner.example", "TXT"] == ['"v=spf1 mx -all"']
    assert internet["partner.example", "MX"] == ["10 mail.partner.example."]
    assert internet["mail.partner.example", "A"] == ["192.0.2.10"]


def test_own_domain_arrives_from_a_foreign_server():
    assert built("eigene-domain-von-aussen")["From"].addresses[0].addr_spec == "chef@firma.example"
    assert catalogue()["eigene-domain-von-aussen"].envelope.ip == "203.0.113.66"


def test_attachments_arrive_as_they_were_built():
    assert attachment("eicar") == attachments.eicar()
    assert attachment("exe-im-zip") == attachments.exe_in_zip()
    assert len(attachment("mit-anhang")) == len(attachments.pdf()) and attachment("mit-anhang") != attachments.pdf()
    assert attachment("makro") == attachments.docm()
    assert attachment("zip-verschluesselt") == attachments.encrypted_zip()


def test_attachments_are_the_same_each_time():
    for build in (
        attachments.eicar,
        attachments.exe_in_zip,
        attachments.docm,
        attachments.encrypted_zip,
        attachments.pixel,
    ):
        assert build() == build()


def test_zip_holds_a_program_that_poses_as_pdf():
    [entry] = zipfile.ZipFile(io.BytesIO(attachments.exe_in_zip())).infolist()
    assert entry.filename == "Paketschein.pdf.exe"
    assert zipfile.ZipFile(io.BytesIO(attachments.exe_in_zip())).read(entry).startswith(b"MZ")


def test_encrypted_zip_opens_with_the_password_in_the_mail():
    archive = zipfile.ZipFile(io.BytesIO(attachments.encrypted_zip()))
    [entry] = archive.infolist()
    assert entry.flag_bits & 1
    password = re.search(r"Passwort lautet: (\S+)", built("zip-verschluesselt").get_body().get_content())[1]
    assert b"Rechnung 4711" in archive.read(entry, password.encode())
    with pytest.raises(RuntimeError, match="password"):
        archive.read(entry)


def test_macro_document_is_ooxml_with_a_vba_project():
    archive = zipfile.ZipFile(io.BytesIO(attachments.docm()))
    assert "[Content_Types].xml" in archive.namelist()
    project = archive.read("word/vbaProject.bin")
    assert project.startswith(bytes.fromhex("d0cf11e0a1b11ae1"))
    assert len(project) % 512 == 0


def test_load_takes_a_name_of_the_catalogue():
    mail, envelope = load("phishing")
    assert parse(mail)["From"].addresses[0].domain == "sparbank.example"
    assert envelope == catalogue()["phishing"].envelope


def test_load_takes_files_bytes_and_garbage_unchanged(tmp_path):
    garbage = bytes(range(256)) * 4
    file = tmp_path / "mail.eml"
    file.write_bytes(garbage)
    for mail in (file, str(file), garbage):
        assert load(mail) == (garbage, Envelope())


def test_load_takes_an_email_message():
    message = EmailMessage()
    message["From"], message["Subject"] = "lena.hartwig@partner.example", "Grüße"
    message.set_content("Schöne Grüße\n")
    mail, envelope = load(message)
    assert envelope == Envelope()
    assert parse(mail)["Subject"] == "Grüße"
    assert b"\r\n\r\nSch" in mail


def test_load_keeps_the_signature_of_a_parsed_mail(dkim_key):
    signed, _ = load("sauber", dkim_key)
    assert load(parse(signed))[0] == signed
    assert load(email.message_from_bytes(signed))[0] == signed


def test_load_explains_an_email_message_it_cannot_write():
    message = EmailMessage()
    message.set_payload(42)
    with pytest.raises(LabError, match="EmailMessage"):
        load(message)


@pytest.mark.parametrize(
    ("wrong", "right"), [("saubr", "sauber"), ("Newsletter", "newsletter"), ("gtube-addheader", "gtube-add-header")]
)
def test_unknown_name_suggests_the_nearest(wrong, right):
    with pytest.raises(LabError) as error:
        load(wrong)
    assert f"„{right}“" in error.value.next_step


def test_name_like_no_other_lists_all_names():
    with pytest.raises(LabError) as error:
        load("xyzzyxyzzy")
    assert all(name in error.value.why for name in catalogue())


def test_missing_file_names_the_path(tmp_path):
    for mail in (tmp_path / "fehlt.eml", str(tmp_path / "fehlt.eml")):
        with pytest.raises(LabError, match=r"fehlt\.eml"):
            load(mail)


@pytest.mark.parametrize("path", ["/tmp", "/dev/zero", "a/" + 5000 * "b", 5000 * "b"])
def test_what_is_no_file_is_refused(path):
    with pytest.raises(LabError):
        load(path)


def test_text_of_a_mail_is_told_from_a_path():
    with pytest.raises(LabError, match="bytes"):
        load("From: a@partner.example\n\nHallo\n")


@pytest.mark.parametrize("mail", [None, 42, ["sauber"], bytearray(b"x")])
def test_wrong_type_is_refused(mail):
    with pytest.raises(LabError, match=type(mail).__name__):
        load(mail)


@pytest.mark.parametrize("mail", [b"", b" \r\n\t\r\n"])
def test_empty_mail_is_refused(mail):
    with pytest.raises(LabError, match="leer") as error:
        load(mail)
    assert error.value.next_step


def test_mail_above_the_limit_is_refused(tmp_path):
    file = tmp_path / "gross.eml"
    with file.open("wb") as stream:
        stream.truncate(MAX_SIZE + 1)
    for mail in (b"x" * (MAX_SIZE + 1), file):
        with pytest.raises(LabError, match="zu groß") as error:
            load(mail)
        assert error.value.next_step
    assert len(load(b"x" * MAX_SIZE)[0]) == MAX_SIZE
