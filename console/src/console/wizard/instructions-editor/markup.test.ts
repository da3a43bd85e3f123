import { expect, test } from "vitest";
import { cleaned, isLinkAllowed, keepsMarkup, pictureSource, s3UriOf } from "./markup";

test("what is pasted is reduced to what instructions may hold", () => {
  const word = '<style>p{}</style><p class="MsoNormal" style="color:red" onclick="x()">A <font color="red"><b>b</b></font><script>x()</script></p><article>c</article>';
  expect(cleaned(word).html).toBe("<p>A <b>b</b></p>c");
});

test("links and pictures go to places that workers may reach", () => {
  expect(cleaned('<a href="javascript:x()">a</a><a href="https://x.test">b</a><a href="mailto:a@x.test">c</a>').html).toBe(
    '<a>a</a><a href="https://x.test">b</a><a href="mailto:a@x.test">c</a>',
  );
  expect(cleaned('<img src="data:image/png;base64,AA=="><img src="file:///x.png"><img src="https://x.test/a.png" alt="A" onerror="x()">')).toEqual({
    html: '<img src="https://x.test/a.png" alt="A">',
    picturesLeftOut: 2,
  });
  expect(isLinkAllowed("http://x.test")).toBe(false);
});

test("a picture in S3 is written as the API takes it", () => {
  const src = pictureSource(" s3://bucket/a b.png ");
  expect(src).toBe("{{ 's3://bucket/a b.png' | grant_read_access }}");
  expect(s3UriOf(src!)).toBe("s3://bucket/a b.png");
  expect(pictureSource("s3://bucket/it's.png")).toBeUndefined();
  expect(pictureSource("http://x.test/a.png")).toBeUndefined();
  expect(cleaned(`<img src="${src}">`).html).toContain("grant_read_access");
});

test("an editor that would lose mark-up is found out", () => {
  expect(keepsMarkup("<div>a <b>b</b></div>", "<p>a <strong>b</strong></p>")).toBe(true);
  expect(keepsMarkup("<dl><dt>a</dt></dl>", "<p>a</p>")).toBe(false);
  expect(keepsMarkup("<p>a<script></script></p>", "<p>a</p>")).toBe(true);
  expect(keepsMarkup('<p><a href="javascript:x()">a</a></p>', "<p>a</p>")).toBe(true);
});
