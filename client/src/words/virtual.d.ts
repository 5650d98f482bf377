declare module "virtual:words/*" {
  export const words: import("./shape").Words;
  export const names: import("./index").Names;
}
