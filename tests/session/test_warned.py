import logging

from kproxy.session.warned import MOST, warned


def test_a_warning_of_the_proxys_is_said_once_and_not_without_end() -> None:
    said: list[str] = []
    logger = logging.getLogger("kproxy.proxy.test")
    with warned(said.append):
        for _ in range(2):
            logger.warning("kproxy closed a connection to %s", "a")
        logger.error("kproxy failed", exc_info=ValueError("x"))
        logger.info("nothing")
        for number in range(2 * MOST):
            logger.warning("%d", number)
    logger.warning("later")
    assert said[:2] == ["closed a connection to a", "failed: ValueError('x')"]
    assert len(said) == MOST
