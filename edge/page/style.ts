/** How the page looks: one style sheet for a phone and a desk, by day and by night. */
export const STYLE = `:root{color-scheme:light dark;--page:light-dark(#f3f5f8,#0e1217);--card:light-dark(#fff,#171c23);--ink:light-dark(#1a1f27,#e7eaef);--faint:light-dark(#566070,#9ca7b7);--line:light-dark(#dce0e7,#2b333f);--good:light-dark(#14713f,#58cf92);--bad:light-dark(#b01f31,#ff9096);--soon:light-dark(#855000,#f0b952);--open:light-dark(#1b59b8,#82b7ff)}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1rem;background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
header,.way,summary{display:flex;flex-wrap:wrap;gap:.2rem .6rem;align-items:baseline}
h1{font-size:clamp(1.05rem,4.5vw,1.4rem);line-height:1.25;margin:0;flex:1}
h1 small,dd small,.way b,.way i,.way small,label,input{display:block}
h2{font-size:1.05rem;margin:0 0 .6rem}
p{margin:.3rem 0}
small,caption,dt,.faint{font-size:.85rem;font-weight:400}
main,.stack,.tiles{display:grid;gap:1rem;margin:1rem 0}
.stack,.tiles{margin:0}
main{grid-template-columns:repeat(auto-fit,minmax(min(100%,28rem),1fr));align-items:start}
section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1rem;min-width:0}
.wide{grid-column:1/-1}
ul,ol{list-style:none;margin:0;padding:0}
.list>li{padding:.5rem 0;border-top:1px solid var(--line)}
.list>li:first-child{border-top:0}
button,input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--faint);border-radius:.5rem;padding:.45rem .8rem}
button.main{background:var(--open);border-color:var(--open);color:var(--card);margin-top:1rem}
input,button.main,table,svg{width:100%}
:focus-visible{outline:3px solid var(--open);outline-offset:2px}
small,caption,dt,.faint,.pill,.way,rect{color:var(--faint);fill:currentColor}
a,.next,.clicked,.span,[class*=ing_]{color:var(--open)}
.good,.approved,.active,.reviewed{color:var(--good)}
.bad,.failing,.denied,.refused{color:var(--bad)}
.soon{color:var(--soon)}
.pill{border:1px solid;border-radius:1rem;padding:.05rem .6rem;font-size:.85rem;font-weight:600;white-space:nowrap}
.verdict{border-left:.4rem solid;font-weight:600}
.verdict li{color:var(--ink);font-weight:400}
.tiles{grid-template-columns:repeat(auto-fit,minmax(7rem,1fr))}
dd{margin:0;font-weight:600}
summary{cursor:pointer}
summary::before{content:"▸";color:var(--faint)}
[open]>summary::before{content:"▾"}
.grow{flex:1 1 8rem}
.way{margin:.8rem 0 .2rem;gap:.8rem 0;align-items:stretch}
.way li{flex:1 1 7.5rem;position:relative;border-top:2px solid var(--line);padding:.5rem .6rem 0 0;line-height:1.35}
.way li::before{content:"";position:absolute;top:-.4rem;left:0;width:.7rem;height:.7rem;border-radius:50%;background:currentColor}
.way b,.way i{color:var(--ink);font-size:.9rem}
.way .next::before{background:var(--card);box-shadow:inset 0 0 0 2px}
i{font-style:normal}
table{border-collapse:collapse;font-size:.85rem}
caption{text-align:left;padding-bottom:.4rem}
th,td{text-align:left;font-weight:400;padding:.2rem .4rem .2rem 0;vertical-align:top;border-top:1px solid var(--line);overflow-wrap:normal}
tbody th{white-space:nowrap}
svg{display:block;height:.5rem;margin:.35rem 0 .1rem}
.said{position:absolute;clip-path:inset(50%)}
.lost{display:none;color:var(--bad);font-weight:600}
.stale .lost{display:block}
.door{max-width:24rem;margin:12vh auto}
@media(max-width:40rem){.way{display:block}.way li{border-top:0;border-left:2px solid var(--line);padding:0 0 .7rem 1rem}.way li::before{left:-.4rem;top:.2rem}.way b,.way i{display:inline}}
`;
