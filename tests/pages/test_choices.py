"""A choice that code has changed stays so, whatever the browser sends that has not heard of it."""

from streamlit.testing.v1 import AppTest


def _script():
    import streamlit as st

    from pages.ui import state

    if st.button("Paint"):
        state.change_choice("colour", "iLISI")
        st.rerun()
    st.segmented_control("Colour by", ["batch", "type", "iLISI"], key=state.key_of_choice("colour"), required=True)


def shown(app):
    return app.button_group[0].value


def test_hand_and_code_change_a_choice_in_turn():
    app = AppTest.from_function(_script).run()
    for _ in range(2):
        app.button_group[0].set_value("type").run()
        assert shown(app) == "type"
        app.button[0].click().run()
        assert shown(app) == "iLISI"


def test_an_answer_from_before_the_change_does_no_harm():
    app = AppTest.from_function(_script).run()
    before = app.button_group[0].set_value("type").run().button_group[0].key
    app.button[0].click().run()
    app.session_state[before] = "type"  # as when a browser sends what it showed
    app.run()
    assert shown(app) == "iLISI"
