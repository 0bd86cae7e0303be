from bot.core.subscribers import name_asking


def test_an_address_is_named_alike_however_it_is_written_and_not_by_itself() -> None:
    name = name_asking("Ada@LAB.example")
    assert name == name_asking("ada@lab.example ")
    assert name != name_asking("bo@lab.example")
    assert "ada" not in name
