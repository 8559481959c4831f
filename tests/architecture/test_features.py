"""Every promised feature row has a test that proves it."""

from tests.features import marked_features, promised_features


def test_every_promised_feature_is_proven() -> None:
    found = marked_features()
    assert [identity for identity in promised_features() if identity not in found] == []
