"""Logs of training runs hold JSON that every reader takes."""

from newgameplus.results.json_lines import JsonLines, read_json_lines


def test_lines_are_json_without_numbers_that_json_does_not_have(tmp_path):
    log = JsonLines(tmp_path / "metrics.jsonl")
    log.write(10, {"loss": float("nan"), "of rows": [1.0, float("inf")]})
    log.close()
    assert "NaN" not in (tmp_path / "metrics.jsonl").read_text()
    assert read_json_lines(tmp_path / "metrics.jsonl") == [{"num_steps": 10, "loss": None, "of rows": [1.0, None]}]
    (tmp_path / "metrics.jsonl").write_text('{"num_steps": 10, "loss": NaN}\n')  # as version 0.1 wrote it
    assert read_json_lines(tmp_path / "metrics.jsonl") == [{"num_steps": 10, "loss": None}]
