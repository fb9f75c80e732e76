"""What was worked out is not worked out again, and what went wrong is."""

import threading

import pytest

from mono_recon.site.memory import Memory


def test_an_answer_is_worked_out_once_for_all_who_ask_at_the_same_time() -> None:
    memory, begun, go_on = Memory(), threading.Event(), threading.Event()
    worked_out, told = [], []

    def slowly() -> str:
        worked_out.append(1)
        begun.set()
        go_on.wait()
        return "answer"

    threads = [threading.Thread(target=lambda: told.append(memory.recall("key", slowly))) for _ in range(5)]
    for thread in threads:
        thread.start()
    begun.wait()
    go_on.set()
    for thread in threads:
        thread.join()
    assert (len(worked_out), told) == (1, ["answer"] * 5)


def test_an_answer_that_could_not_be_worked_out_is_tried_again() -> None:
    memory = Memory()
    with pytest.raises(ZeroDivisionError):
        memory.recall("key", lambda: 1 // 0)
    assert memory.recall("key", lambda: 2) == 2


def test_of_too_many_answers_those_go_that_nobody_asked_for_lately() -> None:
    memory = Memory(most=2)
    for key in ("a", "b", "a", "c"):
        memory.recall(key, lambda: 1)
    assert memory.recall("a", lambda: 2) == 1
    assert memory.recall("b", lambda: 2) == 2
