"""Every format and colour model becomes the same upright RGB."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageChops, ImageCms

from tests.vision.images_samples import (
    FORMATS,
    OPTIONS,
    difference,
    encode,
    rgb,
    scene,
    swapped_profile,
    tiff,
)
from visavis.core.errors import ImageFault, InvalidImage
from visavis.vision.images import decode, sniff

MODES = {
    "png": ("1", "L", "P", "RGB"),
    "webp": ("RGB",),
    "gif": ("1", "L", "P"),
    "bmp": ("1", "L", "P", "RGB"),
    "tiff": ("1", "L", "P", "RGB", "YCbCr", "CMYK", "LAB"),
}
STORED_AS = {  # which transpose of the upright picture a file with this orientation stores
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_recognised_by_content_and_decoded(kind: str) -> None:
    data = encode(scene(), kind)

    pixels = decode(data, OPTIONS)

    assert sniff(data) == kind
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    # GIF has 256 colours, the others are lossless or encoded at a high quality
    assert difference(pixels, rgb(scene()))[1] < (6 if kind == "gif" else 1.5)


@pytest.mark.parametrize(("kind", "mode"), [(k, m) for k, modes in MODES.items() for m in modes])
def test_every_mode_survives_a_lossless_round_trip(kind: str, mode: str) -> None:
    picture = _in_mode(mode)

    pixels = decode(encode(picture, kind), OPTIONS)

    if mode == "LAB":  # 8 bits of Lab cannot give every colour back
        assert difference(pixels, rgb(scene()))[1] < 1
    else:
        assert difference(pixels, rgb(picture))[0] == 0


def _in_mode(mode: str) -> Image.Image:
    if mode != "LAB":
        return scene().convert(mode)
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.profileToProfile(scene(), *profiles, outputMode="LAB")
    assert lab is not None
    return lab


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_compressed_tiff_is_exact(compression: str) -> None:
    data = encode(scene(), "tiff", compression=compression)

    assert difference(decode(data, OPTIONS), rgb(scene()))[0] == 0


@pytest.mark.parametrize(
    ("kind", "mode"),
    [(k, "RGBA") for k in ("png", "webp", "tiff", "heic", "avif")] + [("png", "LA")],
)
def test_alpha_shows_white_paper(kind: str, mode: str) -> None:
    picture = scene().convert(mode)
    alpha = np.tile(np.linspace(0, 255, 48).astype(np.uint8), (32, 1))
    picture.putalpha(Image.fromarray(alpha))

    pixels = decode(encode(picture, kind), OPTIONS)

    share = alpha[..., None] / 255
    wanted = np.round(rgb(scene().convert(mode[:-1])) * share + 255 * (1 - share)).astype(np.uint8)
    assert difference(pixels, wanted)[1] < (1.5 if kind in {"heic", "avif"} else 0.5)


def test_transparent_palette_entry_shows_white_paper() -> None:
    picture = Image.new("P", (4, 2), 0)
    picture.putpalette([255, 0, 0, 0, 0, 255])
    picture.putpixel((1, 0), 1)

    for kind in ("png", "gif"):
        pixels = decode(encode(picture, kind, transparency=0), OPTIONS)
        assert pixels[0, :2].tolist() == [[255, 255, 255], [0, 0, 255]]


@pytest.mark.parametrize("kind", ["png", "gif", "webp"])
def test_animation_gives_its_first_frame(kind: str) -> None:
    later = Image.new("RGB", (48, 32), "red")
    first = scene().quantize(16).convert("RGB")

    data = encode(first, kind, save_all=True, append_images=[later], duration=50)

    assert difference(decode(data, OPTIONS), rgb(first))[0] <= 1


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 64 * 4).astype(np.uint16).reshape(4, 64)
    wanted = np.round(ramp / 257).astype(np.uint8)
    colour = np.stack([ramp, ramp[::-1], ramp[:, ::-1]], axis=-1)
    grey_files = [encode(Image.fromarray(ramp), kind) for kind in ("png", "tiff")]
    grey_files.append(tiff(64, 4, 16, ramp.tobytes()))
    grey_files.append(encode(Image.fromarray(ramp.astype(np.int32)), "tiff"))
    colour_files = [cv2.imencode(ext, colour)[1].tobytes() for ext in (".png", ".tiff")]

    for data in grey_files:
        assert difference(decode(data, OPTIONS)[..., 1], wanted)[0] <= 1
    for data in colour_files:
        pixels = decode(data, OPTIONS)[..., ::-1]  # OpenCV took the planes as blue, green, red
        assert difference(pixels, np.round(colour / 257).astype(np.uint8))[0] <= 1


def test_twelve_bits_use_their_own_white() -> None:
    packed = bytes([0xFF, 0xF0, 0x00, 0x80, 0x0F, 0xFF])  # 4095, 0, 2048, 4095

    pixels = decode(tiff(4, 1, 12, packed), OPTIONS)

    assert pixels[0, :, 0].tolist() == [255, 0, 128, 255]


@pytest.mark.parametrize(("white", "low"), [(1.0, 0.0), (255.0, 0.0), (3000.0, 0.0), (1.0, -1.0)])
def test_float_samples_are_scaled_to_their_range(white: float, low: float) -> None:
    samples = np.linspace(low, white, 60).astype(np.float32).reshape(6, 10)
    wanted = (samples - low) / (white if white != 3000 else 65535) * 255 / (1 - low)

    pixels = decode(encode(Image.fromarray(samples), "tiff"), OPTIONS)

    assert difference(pixels[..., 2], np.round(wanted).astype(np.uint8))[0] <= 1


def test_float_samples_that_are_no_numbers_are_refused() -> None:
    data = encode(Image.fromarray(np.full((4, 4), np.nan, np.float32)), "tiff")

    with pytest.raises(InvalidImage) as caught:
        decode(data, OPTIONS)

    assert caught.value.category is ImageFault.UNSUPPORTED


def test_cmyk_and_ycck_jpegs_have_the_right_colours() -> None:
    inks = scene().convert("CMYK")
    cmyk = encode(inks, "jpeg")
    # YCCK: the inks as if they were RGB, to YCbCr; Pillow inverts what it writes, as Adobe does
    *colours, black = inks.split()
    ycc = [ImageChops.invert(p) for p in Image.merge("RGB", colours).convert("YCbCr").split()]
    ycck = bytearray(encode(Image.merge("CMYK", (*ycc, black)), "jpeg"))
    ycck[ycck.index(b"Adobe") + 11] = 2  # the transform byte of APP14

    for data in (cmyk, bytes(ycck)):
        assert difference(decode(data, OPTIONS), rgb(inks))[1] < 2


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff", "avif", "heic"])
def test_colour_profile_is_converted_to_srgb(kind: str) -> None:
    data = encode(scene(), kind, icc_profile=swapped_profile())

    assert difference(decode(data, OPTIONS), rgb(scene())[..., ::-1])[1] < 2


@pytest.mark.parametrize("kind", ["jpeg", "png"])
@pytest.mark.parametrize("profile", [b"not a profile", swapped_profile()[:300]])
def test_useless_profile_is_ignored(kind: str, profile: bytes) -> None:
    data = encode(scene(), kind, icc_profile=profile)

    assert difference(decode(data, OPTIONS), rgb(scene()))[1] < 1.5


def test_profile_that_calls_itself_srgb_is_taken_at_its_word() -> None:
    data = encode(scene(), "jpeg", icc_profile=swapped_profile("sRGB"))

    assert difference(decode(data, OPTIONS), rgb(scene()))[1] < 1.5


@pytest.mark.parametrize("orientation", STORED_AS)
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff", "heic", "avif"])
def test_every_orientation_comes_out_upright(kind: str, orientation: int) -> None:
    turn = STORED_AS[orientation]
    stored = scene() if turn is None else scene().transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation

    pixels = decode(encode(stored, kind, exif=exif.tobytes()), OPTIONS)

    assert pixels.flags.c_contiguous
    assert difference(pixels, rgb(scene()))[1] < 1.5


def test_real_portraits_in_all_orientations_are_one_picture(shared_data: Path) -> None:
    files = sorted((shared_data / "robust" / "exif").glob("Portrait_*.jpg"))
    assert len(files) == 9
    first, *others = (decode(file.read_bytes(), OPTIONS) for file in files)

    assert max(difference(first, other)[1] for other in others) < 3


def test_plain_jpeg_has_the_pixels_of_libjpeg(shared_data: Path) -> None:
    data = (shared_data / "robust" / "exif" / "Portrait_1.jpg").read_bytes()

    with Image.open(io.BytesIO(data)) as image:
        assert difference(decode(data, OPTIONS), rgb(image))[0] <= 1


@pytest.mark.parametrize(
    "data", [b"text", b"BM and some more words, not a bitmap", b"\0\0\0\x18ftypmp42" + bytes(12)]
)
def test_other_content_is_unsupported(data: bytes) -> None:
    with pytest.raises(InvalidImage, match="send JPEG") as caught:
        decode(data, OPTIONS)

    assert sniff(data) is None
    assert caught.value.category is ImageFault.UNSUPPORTED
