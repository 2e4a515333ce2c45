"""Rspamd's own web interface works from the bundle: every file that its page asks for is there."""

import re

import requests


def test_the_page_and_all_its_files_are_served(lab):
    base = lab.controller.url
    page = requests.get(f"{base}/", timeout=5)
    assert page.ok and "<title>Rspamd Web Interface" in page.text
    files = re.findall(r'(?:href|src|data-main)="(?:\./)?((?:css|js|img|fonts)/[^"]+|favicon[^"]+)"', page.text)
    main = requests.get(f"{base}/js/main.js", timeout=5).text
    paths = re.search(r"paths: \{(.*?)\}", main, re.DOTALL)[1]
    libraries = [f"js/lib/{path}.js" for path in re.findall(r'"([\w.-]+)"', paths)]
    assert len(files) >= 5 and len(libraries) >= 5
    missing = [path for path in [*files, *libraries] if not requests.get(f"{base}/{path}", timeout=5).ok]
    assert missing == []


def test_it_wants_the_labs_password(lab):
    assert requests.get(f"{lab.controller.url}/auth", timeout=5).status_code == 401
    assert lab.controller.get("auth")["auth"] == "ok"
    assert lab.controller.password in lab.web() and lab.controller.url in lab.web()
