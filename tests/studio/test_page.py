"""The page at /studio in a real browser."""

import re
from itertools import count
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
pytestmark = pytest.mark.slow
NUMBERS = count(1)
SHOTS = Path(__file__).parents[2] / "outputs" / "studio"


@pytest.fixture
def project(people, world):
    """A project of MomentWorld, given blank to bo and cy; its id."""
    answer = people["ada"].post(
        "/api/studio/projects",
        json={"name": f"MomentWorld {next(NUMBERS)}", "path": "world", "wanted": 2},
    )
    assert answer.status_code == 201, answer.text
    number = answer.json()["id"]
    share = {"to": ["bo", "cy"], "each": 2, "blank": True}
    people["ada"].post(f"/api/studio/projects/{number}/assignments", json=share)
    return number


@pytest.fixture(scope="session")
def world(people):
    """MomentWorld's first video in the server's library."""
    from momentvos.data.world.write import write

    return write(people[""].service.settings.library / "world", "train", 1, size=128)


@pytest.fixture
def at(visit, people):
    """Open the studio as somebody: at("bo", "#/e/3") -> Desk."""

    def start(name, address="", **how):
        one = visit(people[name], **how)
        cookie, value = people[name].headers["Cookie"].split("=", 1)
        one.page.context.add_cookies([{"name": cookie, "value": value, "url": people[name].url}])
        one.expected.append("status of 409")
        one.open(f"/studio{address}")
        return Desk(one, people[name])

    return start


class Desk:
    """Somebody who annotates."""

    def __init__(self, visit, web) -> None:
        self.visit, self.page, self.web = visit, visit.page, web

    def press(self, *keys) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def go(self, expression, final=False) -> None:
        self.page.evaluate(f"location.hash = '#/e/{expression}{'/final' if final else ''}'")
        self.page.wait_for_selector(".workspace")
        self.frame(0)

    def frame(self, number) -> None:
        self.page.wait_for_selector(f'.surface[data-frame="{number}"]:not([data-loading])')

    def left(self, expression) -> None:
        """Wait until another expression is shown."""
        here = re.compile(rf"#/e/{expression}(/|$)")
        self.page.wait_for_url(lambda url: not here.search(url))

    def saved(self) -> None:
        self.page.locator(".chip.saved", has_text=re.compile("^Saved")).wait_for()

    def lane(self, number=0) -> str:
        """What the lane of an object says."""
        return self.page.locator("button.lane-name").nth(number).get_attribute("aria-label")

    def shot(self, name) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png")


def items(people, project, name="bo"):
    return people[name].get(f"/api/studio/projects/{project}/expressions").json()["items"]


def stored(people, item, author):
    shown = people["ada"].get(f"/api/studio/expressions/{item}").json()
    return next(one for one in shown["annotations"] if one["author"] == author)


def test_spans_are_marked_by_two_keys_and_nudged_frame_by_frame(at, people, project):
    item = items(people, project)[0]["id"]
    bo = at("bo", f"#/e/{item}")
    bo.frame(0)
    bo.press(*"....", "i", *"......", "o")
    bo.saved()
    assert bo.lane().endswith("frames 4 to 10")
    assert stored(people, item, "bo")["moments"][0]["spans"] == [[4, 10]]
    bo.press("ArrowRight", "ArrowRight", "[", "ArrowLeft")
    bo.saved()
    assert bo.lane().endswith("frames 3 to 12")
    bo.frame(3)
    bo.press("Escape", "End", "m", "ArrowLeft", "ArrowLeft", "m")
    bo.saved()
    assert bo.lane().endswith("frames 3 to 12, 29 to 31")
    bo.press("Delete")
    bo.page.locator('button.lane-name[aria-label$="frames 3 to 12"]').wait_for()
    bo.press("z")
    bo.page.locator('button.lane-name[aria-label$="29 to 31"]').wait_for()
    bo.saved()
    history = (
        people["bo"]
        .get(f"/api/studio/annotations/{stored(people, item, 'bo')['id']}/history")
        .json()
    )
    assert [one["change"]["do"] for one in history][-2:] == ["erase", "undo"]
    bo.visit.accessible()
    bo.shot("marking")
    bo.press("Enter")
    bo.left(item)
    assert stored(people, item, "bo")["state"] == "submitted"


def test_a_span_is_marked_by_clicks_on_its_lane(at, people, project):
    item = items(people, project)[0]["id"]
    bo = at("bo", f"#/e/{item}")
    bo.frame(0)
    strip = bo.page.locator(".lane.chosen .strip")
    box = strip.bounding_box()

    def click(frame):
        strip.click(position={"x": (frame + 0.5) * box["width"] / 32, "y": 2})
        bo.frame(frame)

    click(5)
    bo.press("i")
    click(11)
    bo.press("o")
    bo.saved()
    assert stored(people, item, "bo")["moments"][0]["spans"] == [[5, 11]]
    edge = bo.page.locator(".edge.end").bounding_box()
    bo.page.mouse.move(edge["x"] + edge["width"] / 2, edge["y"] + 10)
    bo.page.mouse.down()
    bo.page.mouse.move(box["x"] + 20.5 * box["width"] / 32, edge["y"] + 10, steps=4)
    bo.page.mouse.up()
    bo.frame(20)
    bo.saved()
    assert stored(people, item, "bo")["moments"][0]["spans"] == [[5, 20]]


def test_playing_keeps_to_the_span_that_it_is_locked_to(at, people, project):
    item = items(people, project)[0]["id"]
    bo = at("bo", f"#/e/{item}")
    bo.frame(0)
    bo.press(*"...", "i", *"....", "o")
    bo.frame(7)
    bo.press("r", "l", "l")
    seen = set()
    for _ in range(25):
        seen.add(int(bo.page.get_attribute(".surface", "data-frame")))
        bo.page.wait_for_timeout(60)
    assert seen <= set(range(3, 8)) and len(seen) > 2
    bo.press("k", "r", "Escape", "Home")
    bo.frame(0)


def test_a_span_is_marked_while_it_plays(at, people, project):
    item = items(people, project)[1]["id"]
    bo = at("bo", f"#/e/{item}")
    bo.frame(0)
    bo.press("l")
    bo.page.wait_for_timeout(300)
    bo.page.keyboard.down("m")
    bo.page.wait_for_timeout(700)
    bo.page.keyboard.up("m")
    bo.press("k")
    bo.saved()
    ((first, last),) = stored(people, item, "bo")["moments"][0]["spans"]
    assert 0 < first < last < 31


def test_two_windows_on_one_item_merge_and_nothing_is_lost(at, people, project):
    item = items(people, project)[0]["id"]
    one, other = at("bo", f"#/e/{item}"), at("bo", f"#/e/{item}")
    for desk in (one, other):
        desk.frame(0)
    one.press("i", *"..", "o")
    one.saved()
    other.press("End", "i", *",,,", "o")
    other.page.get_by_role("heading", name="Two changed this at once").wait_for()
    other.visit.accessible()
    other.shot("merge")
    assert stored(people, item, "bo")["moments"][0]["spans"] == [[0, 2]]
    assert other.page.get_by_label(re.compile("Both changes")).is_checked()
    other.page.get_by_role("button", name="Save what is chosen").click()
    other.saved()
    assert other.lane().endswith("frames 0 to 2, 28 to 31")
    assert stored(people, item, "bo")["moments"][0]["spans"] == [[0, 2], [28, 31]]


def test_what_was_not_saved_is_sent_when_the_page_is_opened_again(at, people, project):
    item = items(people, project)[0]["id"]
    bo = at("bo", f"#/e/{item}")
    bo.frame(0)
    bo.visit.expected.append("ERR_FAILED|Failed to load")
    bo.page.route("**/changes", lambda route: route.abort())
    bo.press("i", *"...", "o")
    bo.page.locator(".chip.saved", has_text="Not saved").wait_for()
    assert stored(people, item, "bo")["version"] == 0
    bo.shot("not-saved")
    bo.page.unroute("**/changes")
    bo.page.on("dialog", lambda dialog: dialog.accept())
    bo.page.goto("about:blank")
    bo.visit.open(f"/studio#/e/{item}")
    bo.frame(0)
    bo.saved()
    assert stored(people, item, "bo")["moments"][0]["spans"] == [[0, 3]]
    assert stored(people, item, "bo")["version"] == 1


def test_adjudication_shows_both_side_by_side(at, people, project):
    item = items(people, project)[0]["id"]
    for name, keys in (("bo", "...."), ("cy", ".........")):
        desk = at(name, f"#/e/{item}")
        desk.frame(0)
        desk.press("i", *keys, "o", "Enter")
        desk.left(item)
    rae = at("rae", f"#/p/{project}?status=disputed")
    rae.page.locator(".item a").first.click()
    rae.frame(0)
    assert rae.page.locator(".lane.theirs").count() == 2
    assert rae.lane().endswith("frames 0 to 4")
    rae.visit.accessible()
    rae.shot("side-by-side")
    rae.page.get_by_role("button", name="Take cy’s").click()
    rae.saved()
    assert rae.lane().endswith("frames 0 to 9")
    rae.page.get_by_role("button", name="Decide").click()
    rae.left(item)
    assert items(people, project, "rae")[0]["status"] == "final"
    rae.page.evaluate(f"location.hash = '#/p/{project}'")
    rae.page.get_by_role("button", name="Agreement").click()
    rae.page.get_by_role("cell", name="0.500").first.wait_for()
    rae.visit.accessible()
    rae.shot("agreement")


def test_objects_are_added_removed_exchanged_and_marked_unusable(at, people, project):
    item = items(people, project)[0]["id"]
    bo = at("bo", f"#/e/{item}")
    bo.frame(0)
    bo.press("a")
    bo.page.get_by_role("button", name="Add", exact=True).click()
    bo.saved()
    assert len(stored(people, item, "bo")["moments"]) == 2
    bo.press("x")
    bo.visit.accessible()
    bo.shot("exchange")
    bo.page.get_by_role("button", name="Exchange", exact=True).click()
    bo.page.locator(".message", has_text="The masks are corrected, and saved.").wait_for()
    bo.press("d")
    bo.page.locator("button.lane-name").nth(1).wait_for(state="detached")
    bo.press("u")
    bo.page.get_by_label("Why can it not be used?").fill("half of it has no mask")
    bo.page.get_by_role("button", name="Hand in", exact=True).last.click()
    bo.page.locator(".chip.saved", has_text="unusable").wait_for()
    made = stored(people, item, "bo")
    assert (made["state"], made["reason"]) == ("unusable", "half of it has no mask")
    bo.page.get_by_role("button", name="Reopen").click()
    bo.page.get_by_role("button", name="Mark in").wait_for()


def corrections(people, item):
    """Corrections of an expression's video."""
    return people["ada"].get(f"/api/studio/expressions/{item}").json()["video"]["corrections"]


def corrected(desk, people, item, version):
    """Exchanges of an expression's video once its corrections have a version."""
    for _ in range(600):
        made = corrections(people, item)
        if made["version"] == version:
            return made["exchanges"]
        desk.page.wait_for_timeout(50)
    raise AssertionError(f"the corrections have version {made['version']}, not {version}")


def test_exchanged_ids_are_undone_by_a_button_and_by_a_key(at, people, project):
    item = items(people, project)[0]["id"]
    bo = at("bo", f"#/e/{item}")
    bo.frame(0)
    undo = bo.page.get_by_role("button", name="Undo exchange")
    assert undo.is_disabled()
    bo.press("x")
    bo.page.get_by_label("to frame").fill("6")
    bo.page.get_by_role("button", name="Exchange", exact=True).click()
    bo.page.locator(".message", has_text="The masks are corrected, and saved.").wait_for()
    assert corrections(people, item)["exchanges"][0]["spans"] == [[0, 6]]
    undo.click()
    bo.page.get_by_role("heading", name="Corrections of this video").wait_for()
    bo.visit.accessible()
    bo.shot("undo-exchange")
    bo.page.get_by_role("button", name=re.compile("^Undo: .* exchanged in frames 0 to 6")).click()
    bo.page.locator("dialog").wait_for(state="detached")
    assert corrected(bo, people, item, 2) == []
    bo.saved()
    bo.press("Shift+X")
    bo.page.get_by_role("button", name=re.compile("^Redo: ")).wait_for()
    bo.page.get_by_role("button", name=re.compile("^Redo: ")).click()
    bo.page.locator("dialog").wait_for(state="detached")
    assert len(corrected(bo, people, item, 3)) == 1


def test_two_who_correct_one_video_at_once_are_shown_what_the_other_did(at, people, project):
    item = items(people, project)[0]["id"]
    bo, cy = at("bo", f"#/e/{item}"), at("cy", f"#/e/{item}")
    for desk in (bo, cy):
        desk.frame(0)
    bo.press("x")
    bo.page.get_by_role("button", name="Exchange", exact=True).click()
    bo.page.locator(".message", has_text="The masks are corrected, and saved.").wait_for()
    cy.press("x")
    cy.page.get_by_label("to frame").fill("3")
    cy.page.get_by_role("button", name="Exchange", exact=True).click()
    cy.page.get_by_role("heading", name="Two corrected this video at once").wait_for()
    cy.visit.accessible()
    cy.shot("clash")
    assert corrections(people, item)["version"] == 1
    cy.page.get_by_role("button", name="Do mine too").click()
    assert corrected(cy, people, item, 2)[1]["spans"] == [[0, 3]]


def test_a_browser_that_was_away_overwrites_nothing_when_it_comes_back(at, people, project):
    """A change that was left unsaved is of the version that its author saw."""
    item = items(people, project)[0]["id"]
    one, other = at("bo", f"#/e/{item}"), at("bo", f"#/e/{item}")
    for desk in (one, other):
        desk.frame(0)
    one.press("i", *"...", "o")
    one.saved()
    other.page.reload()
    other.frame(0)
    one.visit.expected.append("ERR_FAILED|Failed to load")
    one.page.route("**/changes", lambda route: route.abort())
    one.press("ArrowRight")  # the whole lane is set
    one.page.locator(".chip.saved", has_text="Not saved").wait_for()
    other.press("End", "m", ",", "m")
    other.saved()
    one.page.unroute("**/changes")
    one.page.on("dialog", lambda dialog: dialog.accept())
    one.page.goto("about:blank")
    one.visit.open(f"/studio#/p/{project}")
    one.page.locator(".message", has_text="Changes were not saved yet").wait_for()
    one.visit.accessible()
    one.shot("left-unsaved")
    one.page.locator(".message a").click()
    one.page.get_by_role("heading", name="Two changed this at once").wait_for()
    one.page.get_by_role("button", name="Save what is chosen").click()
    one.saved()
    assert stored(people, item, "bo")["moments"][0]["spans"] == [[0, 4], [30, 31]]


def test_of_three_the_reviewer_begins_with_what_most_say_and_can_take_it_again(at, people, world):
    asked = {"name": f"three {next(NUMBERS)}", "path": "world", "wanted": 3}
    project = people["ada"].post("/api/studio/projects", json=asked).json()["id"]
    item = items(people, project)[0]["id"]
    for name, spans in (("bo", [[2, 9]]), ("cy", [[3, 10]]), ("ada", [[20, 29]])):
        mine = people[name].post(f"/api/studio/expressions/{item}/annotation").json()
        lane = mine["moments"][0]["object"]
        path = f"/api/studio/annotations/{mine['id']}/changes"
        for change in ({"do": "spans", "object": lane, "spans": spans}, {"do": "submit"}):
            answer = people[name].post(path, json={"version": mine["version"], "change": change})
            mine = answer.json()
    rae = at("rae", f"#/p/{project}?status=disputed")
    rae.page.locator(".item a").first.click()
    rae.frame(0)
    assert rae.lane().endswith("frames 3 to 9")
    rae.page.get_by_role("button", name="Take ada’s").click()
    rae.saved()
    assert rae.lane().endswith("frames 20 to 29")
    rae.visit.accessible()
    rae.shot("three")
    rae.page.get_by_role("button", name="Take what most say").click()
    rae.page.locator('button.lane-name[aria-label$="frames 3 to 9"]').wait_for()
    rae.saved()
    assert stored(people, item, "")["moments"][0]["spans"] == [[3, 9]]


def test_sentences_are_added_and_shared_through_the_page(at, people, project):
    ada = at("ada", f"#/p/{project}")
    ada.page.locator(".item a").first.wait_for()
    before = len(items(people, project))
    ada.page.get_by_role("button", name="Add sentences").click()
    ada.page.get_by_label("Sentences, one a line").fill("a bird\n\nthe red thing\n")
    ada.visit.accessible()
    ada.page.get_by_role("button", name="Add", exact=True).click()
    ada.page.get_by_text(f"{before + 2} expressions").wait_for()
    assert [one["sentence"] for one in items(people, project)[-2:]] == ["a bird", "the red thing"]
    ada.page.get_by_role("button", name="Assign").click()
    ada.page.get_by_label("Names, with commas between").fill("nobody")
    ada.page.get_by_label("People for each sentence").fill("1")
    ada.visit.expected.append("status of 422")
    ada.page.get_by_role("button", name="Assign", exact=True).last.click()
    ada.page.get_by_text("There is no account 'nobody'").wait_for()
    ada.visit.accessible()
    ada.shot("assign")
    ada.page.get_by_label("Names, with commas between").fill("bo, cy")
    ada.page.get_by_label("People for each sentence").fill("2")
    ada.page.get_by_role("button", name="Assign", exact=True).last.click()
    ada.page.locator("dialog").wait_for(state="detached")
    todo = people["cy"].get(f"/api/studio/projects/{project}/expressions?mine=todo").json()
    assert todo["total"] == before + 2


def tab_to(desk, selector):
    """Press Tab until an element has the focus."""
    for _ in range(60):
        if desk.page.evaluate("(what) => document.activeElement.matches(what)", selector):
            return
        desk.press("Tab")
    raise AssertionError(f"Tab does not lead to {selector}")


def test_a_sentence_is_done_from_the_list_on_by_keyboard_alone(at, people, project):
    bo = at("bo", "#/")
    bo.page.locator(".project").first.wait_for()
    tab_to(bo, f'a[href="#/p/{project}"]')
    bo.press("Enter")
    bo.page.locator(".item a").first.wait_for()
    tab_to(bo, ".item a")
    bo.press("ArrowDown", "Enter")
    item = items(people, project)[1]["id"]
    bo.page.wait_for_url(re.compile(f"#/e/{item}$"))
    bo.frame(0)
    bo.press("i", *"....", "o")
    bo.saved()
    bo.press("a")
    tab_to(bo, "dialog button[type=submit]")
    bo.press("Enter")
    bo.saved()
    bo.press("2", "i", "o", "ArrowUp", "?")
    bo.page.get_by_role("heading", name="Keys").wait_for()
    bo.press("Escape", "Enter")
    bo.left(item)
    made = stored(people, item, "bo")
    assert made["state"] == "submitted"
    assert [one["spans"] for one in made["moments"]] == [[[0, 4]], [[4, 4]]]


def test_the_list_on_a_phone_and_in_the_dark(at, people, project):
    rae = at("rae", f"#/p/{project}", size="phone", dark=True)
    rae.page.locator(".item a").first.wait_for()
    rae.visit.accessible()
    rae.shot("phone-list")
    rae.page.get_by_label("Search").fill("nothing is like this")
    rae.page.get_by_text("0 expressions").wait_for()
    rae.page.get_by_label("Search").fill("")
    rae.page.locator(".item a").first.click()
    rae.page.locator(".workspace").wait_for()
    rae.frame(0)
    wide = rae.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert wide, "the page is wider than a phone"
    rae.visit.accessible()
    rae.shot("phone")
