/** The pixels of a picture that is only known by its address, such as the mask of an earlier job. */

import type { Size } from "./geometry";

/**
 * Colours as `mask-png` has them, -1 where the picture is more transparent than not; undefined when it does not load, is of another size
 * or its bucket does not let pages read it (CORS).
 */
export async function readPixels(src: string, { width, height }: Size): Promise<Int32Array | undefined> {
  const picture = new Image();
  picture.crossOrigin = "anonymous";
  picture.src = src;
  try {
    await picture.decode();
    if (picture.naturalWidth !== width || picture.naturalHeight !== height) return undefined;
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(picture, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    const colors = new Int32Array(width * height);
    for (let pixel = 0, place = 0; pixel < colors.length; pixel++, place += 4) {
      colors[pixel] = data[place + 3]! < 128 ? -1 : (data[place]! << 16) | (data[place + 1]! << 8) | data[place + 2]!;
    }
    return colors;
  } catch {
    return undefined;
  }
}
