import type { Notice } from "../domain/notices";

/** Where what a notice tells of is to be seen. */
export function target(notice: Notice): string {
  switch (notice.kind) {
    case "mentioned":
      return notice.case ? `/cases/${notice.case}?m=${notice.message}` : `/rooms/${notice.stream}?m=${notice.message}`;
    case "invited":
      return `/rooms/${notice.stream}`;
    default:
      return `/cases/${notice.case}`;
  }
}
