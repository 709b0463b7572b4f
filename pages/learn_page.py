"""Learn: lessons in which an assumption is broken with a slider, for one person or for a room."""

import streamlit as st

from pages.ui import lesson_presenter, lesson_state, lesson_view
from pages.ui.lesson_parts import STYLE
from pages.ui.text import in_markdown

st.html(STYLE)
for sentence in lesson_state.trouble():
    st.warning(in_markdown(sentence), icon=":material/warning:")
lesson = lesson_state.lesson()
if lesson is None:
    lesson_view.contents()
elif lesson_state.presenting():
    lesson_presenter.present(lesson)
else:
    lesson_view.page(lesson)
lesson_state.write_address()
