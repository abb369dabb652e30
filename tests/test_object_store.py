"""Object stores: which addresses are read, and what real servers give."""

import pytest

from momentvos.batch.failure import kind_of
from momentvos.errors import ExtraError, OutputError, StoreError, TransferError
from momentvos.object_store import (
    below,
    download,
    is_url,
    matches,
    place_of,
    read,
    size_of,
    upload,
    write,
)


def test_addresses_of_stores_and_paths_are_told_apart():
    assert is_url("s3://a/b") and is_url("file:///a") and is_url("https://a")
    assert not any(map(is_url, ("a/b.mp4", "c:/a", "C://a", "/a://b", "-", "a b://c")))
    assert place_of("S3://bucket/a//b c.mp4") == "s3://bucket/a//b c.mp4"
    assert place_of("gs://bucket") == "gs://bucket/"
    assert place_of("file:///tmp/a%20b.mp4") == "/tmp/a b.mp4"
    assert place_of("/tmp/../tmp/x") == "/tmp/x"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://169.254.169.254/latest", "http:// are not read here"),
        ("https://user:hunter2@host/a.mp4", "not read here"),
        ("memory://a", "not read here"),
        ("simplecache::s3://bucket/a", "not read here"),
        ("s3://key:hunter2@bucket/a", "user or a password"),
        ("s3://bucket/a::zip://b", "no address of an object"),
        ("s3:///a", "no address of an object"),
        ("file://host/a", "three slashes"),
    ],
)
def test_other_addresses_are_refused_without_their_secrets(url, said):
    with pytest.raises(StoreError, match=said) as caught:
        place_of(url)
    assert "hunter2" not in str(caught.value)


def test_objects_are_written_listed_and_read_by_ranges(bucket, tmp_path):
    write(f"{bucket}/a/1.txt", b"0123456789")
    (tmp_path / "up/sub").mkdir(parents=True)
    (tmp_path / "up/sub/2 ü.txt").write_bytes(b"two")
    upload(tmp_path / "up", f"{bucket}/a")
    assert size_of(f"{bucket}/a/1.txt") == 10
    assert read(f"{bucket}/a/1.txt", 2, 5) == b"234" and read(f"{bucket}/a/1.txt") == b"0123456789"
    assert below(f"{bucket}/a") == {f"{bucket}/a/1.txt": 10, f"{bucket}/a/sub/2 ü.txt": 3}
    assert matches(f"{bucket}/a/*.txt") == [f"{bucket}/a/1.txt"]
    download(f"{bucket}/a/", tmp_path / "down")
    assert (tmp_path / "down/sub/2 ü.txt").read_bytes() == b"two"
    for url, said in ((f"{bucket}/none", "does not exist"), (f"{bucket}/a", "is a folder")):
        with pytest.raises(StoreError, match=said):
            size_of(url)


def test_names_in_a_store_lead_nowhere_else(bucket, tmp_path):
    if bucket.startswith("gs:"):
        pytest.skip("the server of the tests takes no such names")
    write(f"{bucket}/evil/../../out.txt", b"x")
    with pytest.raises((OutputError, StoreError)):
        download(f"{bucket}/evil", tmp_path / "in")
    assert not list(tmp_path.rglob("out.txt"))


def test_a_store_that_is_not_there_is_tried_again_later(monkeypatch):
    pytest.importorskip("s3fs")
    import fsspec

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "me")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    try:
        with pytest.raises(TransferError, match="cannot be reached") as caught:
            read("s3://bucket/a")
    finally:
        fsspec.get_filesystem_class("s3").clear_instance_cache()
    assert kind_of(caught.value) == "transient"


def test_the_package_that_lacks_is_named(monkeypatch):
    monkeypatch.setattr("momentvos.object_store.find_spec", lambda name: None)
    with pytest.raises(ExtraError, match=r"momentvos\[gs\]"):
        read("gs://bucket/a")
