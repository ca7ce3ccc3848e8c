/** The npm package `workerd`, seen from an ES module: where this platform's executable is. */
declare module "workerd" {
  const workerd: { readonly default: string };
  export default workerd;
}
