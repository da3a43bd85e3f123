"""Makes the demo's pictures and their truth from the handwritten digits that scikit-learn carries.

The results are committed, so nobody needs to run this; it is here so that anybody can see where they come from. It wants
scikit-learn, numpy and Pillow, which Groundwork itself does without:

    python -m venv /tmp/pictures && /tmp/pictures/bin/pip install scikit-learn pillow
    /tmp/pictures/bin/python local/demo/make_pictures.py
"""

import json
import random
from pathlib import Path

from PIL import Image
from sklearn.datasets import load_digits

FOLDER = Path(__file__).parent
PICTURES_PER_DIGIT = 10
DARKEST = 16  # the set's grey levels are 0 (paper) to 16 (ink)
MAGNIFICATION = 12  # 8 x 8 grey values become 96 x 96 pixels


def main() -> None:
    """Writes `pictures/picture-NNN.png` and `truth.json` ({picture: digit}); the same files on every run."""
    digits = load_digits()
    indexes_of = [[index for index, target in enumerate(digits.target) if target == digit] for digit in range(10)]
    chosen = [index for indexes in indexes_of for index in indexes[:PICTURES_PER_DIGIT]]
    # Mixed, so that neither a picture's name nor its neighbours tell which digit it shows.
    random.Random(1998).shuffle(chosen)  # noqa: S311 - not a secret

    (FOLDER / "pictures").mkdir(exist_ok=True)
    truth = {}
    for number, index in enumerate(chosen):
        name = f"picture-{number:03d}.png"
        ink = digits.images[index]
        picture = Image.fromarray((255 - ink * 255 / DARKEST).astype("uint8"), mode="L")
        size = (picture.width * MAGNIFICATION, picture.height * MAGNIFICATION)
        picture.resize(size, Image.Resampling.NEAREST).save(FOLDER / "pictures" / name, optimize=True)
        truth[name] = str(digits.target[index])
    (FOLDER / "truth.json").write_text(json.dumps(truth, indent=1) + "\n")


if __name__ == "__main__":
    main()
