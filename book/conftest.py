"""The notebooks run under nbval; what may differ from the stored outputs is said here."""

import re

from nbval.plugin import IPyNbCell

# What the machine's libraries and processor decide: bytes of pictures inside HTML, addresses.
ITS_OWN = re.compile(r"data:image/(?:png|svg\+xml);base64,[A-Za-z0-9+/=]+|0x[0-9a-fA-F]{6,}")
# What is marked so hangs on last bits: it may differ by this part, or by one in the last digit.
RELATIVE = 1e-3
ABOUT = re.compile(r"(?<=≈)( ?)([-−]?)((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?(?:e([+-]?\d+))?)")


class Output(str):
    """A text that equals another one if all is the same but for numbers that are nearly so."""

    def about(self):
        """Each approximate number, and one in its last digit."""
        for _, sign, number, decimals, exponent in ABOUT.findall(self):
            value = float(number.replace(",", ""))
            yield -value if sign else value, 10.0 ** (int(exponent or 0) - len(decimals))

    def __eq__(self, other):
        mine, its = list(self.about()), list(Output(other).about())
        return ABOUT.sub(r"\1", self) == ABOUT.sub(r"\1", other) and all(
            abs(a - b) <= max(RELATIVE * abs(a), 1.001 * max(last_a, last_b))
            for (a, last_a), (b, last_b) in zip(mine, its, strict=True)
        )

    def __ne__(self, other):
        return not self == other

    __hash__ = str.__hash__


def pytest_configure(config):
    config.option.nbval = config.option.nbval_current_env = True
    # nbval takes each output through this before it compares; not every output is a text.
    IPyNbCell.sanitize = lambda cell, s: Output(ITS_OWN.sub("", s)) if isinstance(s, str) else s
