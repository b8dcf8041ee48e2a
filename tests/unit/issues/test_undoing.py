import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.issues.undoing import Act, Entry, Steps, steps_of
from tests.support.makers import NOW


def entry(number: int, author: str = "ana", act: Act = Act.EDIT, at_s: int = 0, places: str = "subject") -> Entry:
    return Entry(number, author, NOW + dt.timedelta(seconds=at_s), act, frozenset(places.split()))


def test_the_beginning_of_an_issue_is_nobodys_step() -> None:
    assert steps_of([entry(1)], author="ana") == Steps(None, None)


def test_a_step_is_what_one_person_did_in_the_same_places_without_a_pause_or_another_between() -> None:
    log = [entry(2), entry(3, at_s=30), entry(4, at_s=61), entry(5, at_s=62, places="preheader")]

    def last(*entries: Entry) -> tuple[int, int]:
        step = steps_of(entries, author="ana").undo
        assert step is not None
        return step.first, step.last

    assert [last(*log[: end + 1]) for end in range(4)] == [(2, 2), (2, 3), (4, 4), (5, 5)]
    assert last(entry(2), entry(3, "ben"), entry(4)) == (4, 4)


@settings(max_examples=200)
@given(presses=st.lists(st.tuples(st.sampled_from(["ana", "ben"]), st.sampled_from([*Act])), max_size=30))
def test_undo_and_redo_walk_along_each_persons_own_edits(presses: list[tuple[str, Act]]) -> None:
    log = [entry(1)]
    models: dict[str, tuple[list[int], list[int]]] = {"ana": ([], []), "ben": ([], [])}
    for author, act in presses:
        done, undone = models[author]
        number = len(log) + 1
        if act is Act.EDIT:
            done.append(number)
            undone.clear()
        elif act is Act.UNDO and done:
            undone.append(done.pop())
        elif act is Act.REDO and undone:
            done.append(undone.pop())
        else:
            continue  # a press that finds nothing leaves no revision
        log.append(entry(number, author, act, at_s=number * 60))

        for name, (mine, taken_back) in models.items():
            steps = steps_of(log, author=name)
            assert (steps.undo and steps.undo.last) == (mine[-1] if mine else None)
            assert (steps.redo and steps.redo.last) == (taken_back[-1] if taken_back else None)
