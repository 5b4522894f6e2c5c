/**
 * The whole style of the portal: five sizes of type, one scale of spaces, colours by role and not by hue, both schemes.
 * Text keeps a contrast of at least 4.5 to 1 on every ground that it is used on; a state is a word first, then a colour.
 */
export const style = `
:root { color-scheme: light dark;
--ink: #1b2430; --quiet: #556072; --line: #d8dee7; --edge: #808b9c; --ground: #f6f7f9; --card: #fff; --accent: #1b5aa6; --on-accent: #fff; --wash: #eaf1fa;
--alarm: #a3261b; --alarm-wash: #fdeeec; --warn: #7a4d00; --warn-wash: #fdf3df; --calm: #1a6540; --calm-wash: #e8f5ee;
--tiny: .8125rem; --small: .9rem; --body: 1rem; --large: 1.15rem; --title: 1.6rem;
--s1: .25rem; --s2: .5rem; --s3: .75rem; --s4: 1rem; --s5: 1.5rem; --s6: 2.25rem; }
@media (prefers-color-scheme: dark) { :root {
--ink: #e7ebf1; --quiet: #a6b0be; --line: #323b47; --edge: #7f8b9b; --ground: #13171d; --card: #1b2129; --accent: #86b9f3; --on-accent: #10161d; --wash: #1e2b3b;
--alarm: #ff9d92; --alarm-wash: #3a2020; --warn: #f0c06a; --warn-wash: #352a15; --calm: #82d6a8; --calm-wash: #183024; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: var(--body)/1.5 system-ui, sans-serif; }
.skip { position: absolute; left: -100rem; } .skip:focus { left: var(--s4); top: var(--s2); background: var(--card); padding: var(--s2) var(--s4); z-index: 1; }
header.site { border-bottom: 1px solid var(--line); background: var(--card); }
header.site > div, main { max-width: 74rem; margin: 0 auto; padding-left: 1.25rem; padding-right: 1.25rem; }
header.site > div { display: flex; gap: var(--s2) var(--s5); align-items: center; flex-wrap: wrap; padding-top: var(--s2); padding-bottom: var(--s2); }
header.site strong { font-size: var(--large); letter-spacing: .01em; }
nav ul { display: flex; flex-wrap: wrap; gap: 0 var(--s1); list-style: none; margin: 0; padding: 0; }
nav a { display: block; padding: var(--s2) var(--s3); border-radius: .4rem; color: var(--ink); text-decoration: none; }
nav a:hover { background: var(--wash); } nav a[aria-current] { background: var(--wash); color: var(--accent); font-weight: 600; }
main { padding-top: var(--s5); padding-bottom: 4rem; }
a { color: var(--accent); text-underline-offset: .15em; } :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .2rem; }
h1 { font-size: var(--title); line-height: 1.25; margin: 0 0 var(--s1); overflow-wrap: anywhere; } h2 { font-size: var(--large); margin: var(--s6) 0 var(--s3); } h3 { font-size: var(--body); margin: 0 0 var(--s1); overflow-wrap: anywhere; }
p { margin: 0 0 var(--s3); max-width: 48rem; overflow-wrap: anywhere; } p.lead, .quiet { color: var(--quiet); } p.lead { margin-bottom: var(--s5); } small, .small { font-size: var(--small); } ul.plain { list-style: none; margin: 0; padding: 0; } .says { padding-left: 1.1rem; margin: var(--s2) 0; } .says.plain { padding-left: 0; } .says li { margin-bottom: var(--s2); max-width: 62rem; overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: var(--s4) 1.25rem; margin: 0 0 var(--s4); } .card h2 { margin: 0 0 var(--s1); } .card > :last-child { margin-bottom: 0; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: var(--s4); align-items: start; margin-bottom: var(--s4); } .columns .card { margin: 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 9.5rem), 1fr)); gap: var(--s3); list-style: none; margin: 0 0 var(--s4); padding: 0; }
.figures a { display: block; height: 100%; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: var(--s3) var(--s4); text-decoration: none; color: var(--ink); } .figures a:hover { border-color: var(--accent); } .figures b { display: block; font-size: var(--title); line-height: 1.2; font-variant-numeric: tabular-nums; } .figures .alarm b { color: var(--alarm); } .figures .warn b { color: var(--warn); }
.facts { display: flex; flex-wrap: wrap; gap: var(--s1) var(--s5); margin: var(--s2) 0 var(--s3); padding: 0; list-style: none; color: var(--quiet); } .facts b { color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.mark { display: inline-block; border-radius: .3rem; padding: 0 var(--s2); font-size: var(--tiny); line-height: 1.6; white-space: nowrap; background: var(--wash); color: var(--ink); font-weight: 500; } h1 .mark, h2 .mark { vertical-align: .15em; }
.mark.alarm { background: var(--alarm-wash); color: var(--alarm); } .mark.warn { background: var(--warn-wash); color: var(--warn); } .mark.calm { background: var(--calm-wash); color: var(--calm); } .text-alarm { color: var(--alarm); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); margin: 0 0 var(--s4); } table { border-collapse: collapse; width: 100%; font-size: var(--small); }
caption { text-align: left; color: var(--quiet); padding: var(--s3) var(--s4) var(--s1); } th, td { text-align: left; padding: var(--s2) var(--s4); border-top: 1px solid var(--line); vertical-align: top; } thead th { border-top: 0; color: var(--quiet); font-weight: 600; white-space: nowrap; } caption + thead th { border-top: 0; } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; } td.time, .time { white-space: nowrap; font-variant-numeric: tabular-nums; } td.name { min-width: 11rem; overflow-wrap: anywhere; } tbody th { font-weight: 600; }
code, pre { font: .9em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; } td code { overflow-wrap: normal; } td.name code { overflow-wrap: anywhere; } pre { white-space: pre-wrap; background: var(--ground); border: 1px solid var(--line); border-radius: .4rem; padding: var(--s2) var(--s3); margin: var(--s2) 0; }
dl.pairs { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: var(--s1) var(--s4); margin: 0 0 var(--s3); } dl.pairs dt { color: var(--quiet); } dl.pairs dd { margin: 0; overflow-wrap: anywhere; }
form { margin: 0; } form.ask { display: grid; gap: var(--s3); max-width: 34rem; margin: var(--s2) 0; } label { display: grid; gap: var(--s1); font-size: var(--small); } label.tick { display: flex; gap: var(--s2); align-items: baseline; }
form.filter { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 10rem), 1fr)); gap: var(--s3); align-items: end; margin: 0 0 var(--s4); }
input, select { font: inherit; padding: var(--s2) var(--s3); border: 1px solid var(--edge); border-radius: .4rem; background: var(--card); color: var(--ink); min-width: 0; width: 100%; min-height: 2.6rem; } input[type=checkbox] { width: auto; min-height: 0; }
button, .button { display: inline-block; justify-self: start; font: inherit; padding: var(--s2) var(--s4); border: 1px solid var(--accent); border-radius: .4rem; background: var(--accent); color: var(--on-accent); cursor: pointer; text-decoration: none; } button.second, .button.second { background: var(--card); color: var(--accent); }
.actions { display: flex; flex-wrap: wrap; gap: var(--s2) var(--s4); align-items: center; margin: var(--s3) 0 0; } details { margin: var(--s2) 0 0; } summary { cursor: pointer; color: var(--accent); padding: var(--s1) 0; } details[open] > summary { margin-bottom: var(--s2); }
form.out { margin-left: auto; display: flex; gap: var(--s3); align-items: center; color: var(--quiet); font-size: var(--small); } form.out button { padding: var(--s1) var(--s3); }
.notice { border-left: 4px solid var(--accent); background: var(--wash); padding: var(--s3) var(--s4); border-radius: .3rem; margin: 0 0 var(--s4); max-width: none; } .notice.warn { border-color: var(--warn); background: var(--warn-wash); } .notice.alarm { border-color: var(--alarm); background: var(--alarm-wash); }
nav.pages { display: flex; gap: var(--s4); margin: 0 0 var(--s4); } .days { list-style: none; margin: 0; padding: 0; } .days li { display: grid; grid-template-columns: 6.5rem 1fr; gap: var(--s3); padding: var(--s2) 0; border-top: 1px solid var(--line); } .days li:first-child { border-top: 0; }
@media (max-width: 48rem) { .scroll table { min-width: 58rem; } }
@media (max-width: 34rem) { th, td { padding-left: var(--s3); padding-right: var(--s3); } dl.pairs { grid-template-columns: 1fr; } dl.pairs dd { margin-bottom: var(--s2); } form.out { margin-left: 0; } nav a { padding: var(--s2); } .days li { grid-template-columns: 1fr; gap: 0; } }
@media print { header.site, form, details, nav { display: none; } }
`;

/** A key, as a picture that needs no request. */
export const favicon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='7' fill='%231b5aa6'/%3E%3Cg fill='none' stroke='%23fff' stroke-width='3'%3E%3Ccircle cx='11' cy='16' r='4.5'/%3E%3Cpath d='M15.5 16H27M23 16v5'/%3E%3C/g%3E%3C/svg%3E";
