//! The queries of Nexmark (`bench/nexmark`) answer as another database does: see `verify.py` and `tests/`.
