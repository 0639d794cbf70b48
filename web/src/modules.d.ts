// Files that esbuild gives as text.
declare module '*/LICENSE' {
  const text: string;
  export default text;
}
