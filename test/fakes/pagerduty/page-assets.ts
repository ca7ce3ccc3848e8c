/**
 * The style and the script of the page, as text.
 * The script polls, swaps what changed, and leaves a form alone that has the focus or holds typed text.
 */

/** Light and dark by the reader's preference; one column, made for a phone first; errands at the side where there is room. */
export const PAGE_STYLE = `
:root{--ground:#f4f5f2;--card:#fff;--ink:#1c2320;--soft:#5c6862;--line:#dde1dc;--accent:#0b7a43;--deny:#b3261e;
--triggered:#b3261e;--acknowledged:#8f5a00;--resolved:#0b7a43;--code:#f3f5f1}
@media(prefers-color-scheme:dark){:root{--ground:#121614;--card:#1b211e;--ink:#e8ece9;--soft:#9daaa3;--line:#2f3833;
--accent:#2f9e63;--deny:#d9564b;--triggered:#ff8a80;--acknowledged:#f2b84b;--resolved:#5fd394;--code:#141917}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:74rem;padding:1.25rem 1rem 4rem;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header{display:flex;flex-wrap:wrap;align-items:baseline;justify-content:space-between;gap:.25rem 1rem;margin-bottom:1rem}
h1{margin:0;font-size:1.5rem;letter-spacing:-.01em}header p{margin:0;color:var(--soft);font-size:.9rem}
.sides{display:grid;gap:1rem;align-items:start;justify-content:center;grid-template-columns:minmax(0,46rem)}
aside{display:grid;gap:1rem}aside h2{margin:0}aside form{background:var(--card);border:1px solid var(--line);border-radius:.9rem;
margin:0;padding:1rem 1.1rem}aside p{margin:0;color:var(--soft);font-size:.875rem;overflow-wrap:anywhere}aside a{color:inherit}
aside label{display:grid;gap:.2rem;font-size:.85rem;color:var(--soft)}aside select,aside input{color:var(--ink);width:100%}
aside code{font:.85rem ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--ink)}
@media(max-width:64rem){aside form{grid-template-columns:1fr 1fr}aside form>:not(label:nth-of-type(-n+2)){grid-column:1/-1}}
@media(min-width:64rem){.sides:has(aside){grid-template-columns:20rem minmax(0,1fr)}aside{position:sticky;top:1rem}}
.notice{padding:.6rem .9rem;border-radius:.6rem;background:var(--card);border:1px solid var(--line);margin:0 0 1rem}
.empty{margin:0;padding:3rem 1rem;text-align:center;color:var(--soft);border:1px dashed var(--line);border-radius:.9rem}
article{background:var(--card);border:1px solid var(--line);border-left:4px solid var(--status);border-radius:.9rem;
padding:1rem 1.1rem;margin-bottom:1rem;--status:var(--triggered)}
article.acknowledged{--status:var(--acknowledged)}article.resolved{--status:var(--resolved)}
article:target{outline:2px solid var(--status);outline-offset:2px}
summary{cursor:pointer;list-style:none}summary::-webkit-details-marker{display:none}
.meta{display:flex;flex-wrap:wrap;gap:.3rem .8rem;align-items:center;color:var(--soft);font-size:.85rem}
.meta time{margin-left:auto;font-variant-numeric:tabular-nums}
.meta time::after{content:" ▾"}details:not([open]) .meta time::after{content:" ▸"}
.badge{color:var(--status);border:1px solid currentColor;border-radius:1rem;padding:0 .6rem;font-weight:600;text-transform:capitalize}
h2{font-size:1.1rem;line-height:1.35;margin:.5rem 0 .15rem;overflow-wrap:anywhere}
.resolved details:not([open]) h2{font-weight:400;font-size:1rem}
.who{margin:0;color:var(--soft);font-size:.875rem}
pre{margin:.75rem 0 0;padding:.75rem .9rem;background:var(--code);border-radius:.6rem;white-space:pre-wrap;overflow-wrap:anywhere;
font:.85rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.notes{list-style:none;margin:.75rem 0 0;padding:0 0 0 .9rem;border-left:2px solid var(--line)}
.notes li+li{margin-top:.6rem}.notes p{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
.notes .by{font-size:.82rem;color:var(--soft)}.notes .by b{color:var(--ink)}
.notes .command{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.92rem}
form{margin-top:.9rem;padding-top:.9rem;border-top:1px solid var(--line);display:grid;gap:.6rem}
.row{display:flex;flex-wrap:wrap;gap:.5rem}.note textarea{flex:1 1 14rem;min-width:0;resize:vertical}
.as{font-size:.85rem;color:var(--soft);display:flex;gap:.5rem;align-items:center}
select,textarea,input,button{font:inherit;color:inherit;border:1px solid var(--line);border-radius:.55rem;background:var(--ground);
padding:.5rem .75rem;min-height:2.75rem}
select{max-width:100%;color:var(--ink)}
button{cursor:pointer;font-weight:600}button:hover{filter:brightness(1.06)}
button.approve{background:var(--accent);border-color:transparent;color:#fff}
button.deny{background:var(--deny);border-color:transparent;color:#fff}
@media(prefers-color-scheme:dark){button.approve,button.deny{color:#0d1110}}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@media(max-width:30rem){.row button{flex:1 1 40%;padding-inline:.4rem}}
`;

/** Vanilla, without dependencies; a failed poll is simply tried again. */
export const PAGE_SCRIPT = `
const busy=form=>form.contains(document.activeElement)||(form.querySelector("textarea")?.value??"")!=="";
async function refresh(){
  const response=await fetch(location.pathname+location.search.replace(/[?&]notice=[^&]*/,""));
  const fresh=new DOMParser().parseFromString(await response.text(),"text/html");
  document.title=fresh.title;
  document.querySelector("#summary").replaceWith(fresh.querySelector("#summary"));
  for(const errand of fresh.querySelectorAll("aside form"))for(const part of errand.querySelectorAll("[id]")){
    const old=document.getElementById(part.id);
    if(old&&old.outerHTML!==part.outerHTML&&!old.contains(document.activeElement))old.replaceWith(part);
  }
  const cards=document.querySelector("#cards"),known=new Map([...cards.querySelectorAll("article")].map(a=>[a.id,a]));
  if(fresh.querySelector("article"))cards.querySelector(".empty")?.remove();
  let before=cards.firstElementChild;
  for(const card of fresh.querySelectorAll("article")){
    const old=known.get(card.id);
    if(!old){cards.insertBefore(card,before);continue}
    before=old.nextElementSibling;
    if(old.dataset.revision===card.dataset.revision)continue;
    old.dataset.revision=card.dataset.revision;old.className=card.className;
    old.querySelector("summary").innerHTML=card.querySelector("summary").innerHTML;
    old.querySelector(".view").replaceWith(card.querySelector(".view"));
    const form=old.querySelector("form"),chosen=form.querySelector("select").value;
    if(busy(form))continue;
    const next=card.querySelector("form");next.querySelector("select").value=chosen;form.replaceWith(next);
  }
}
setInterval(()=>{if(!document.hidden)refresh().catch(()=>{})},1000);
`;
