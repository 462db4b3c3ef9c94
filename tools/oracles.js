// tools/oracles.js
// What independent programs say of lunar months and phone numbers, as tab-separated rows for t/text_oracles.sh.
//
// node tools/oracles.js NODE_MODULES lunar    year month leap first-day, of every lunar month from 1901 to 2100
// node tools/oracles.js NODE_MODULES phones   region, number as dialled there, E.164, of example numbers and their neighbours
'use strict';
const [modules, what] = process.argv.slice(2);
const load = name => require(require('path').resolve(modules, name));

if (what === 'lunar') {
  const { LunarYear } = load('lunar-javascript');
  const { Solar } = load('lunar-javascript');
  for (let year = 1901; year <= 2100; year++)
    for (const m of LunarYear.fromYear(year).getMonths())
      if (m.getYear() === year) {
        const first = Solar.fromJulianDay(m.getFirstJulianDay());
        console.log([year, Math.abs(m.getMonth()), m.getMonth() < 0, first.toYmd()].join('\t'));
      }
} else {
  const { parsePhoneNumberFromString: parse, getExampleNumber } = load('libphonenumber-js/max');
  const examples = load('libphonenumber-js/examples.mobile.json');
  for (const region of ['CN', 'HK', 'MO', 'TW', 'SG', 'MY', 'JP', 'KR', 'US', 'CA', 'GB']) {
    const example = getExampleNumber(region, examples);
    // the last four digits changed: mobile numbers of the same block
    for (let i = 0; i < 50; i++) {
      const digits = example.nationalNumber.slice(0, -4) + String((i * 7919 + 13) % 10000).padStart(4, '0');
      const number = parse('+' + example.countryCallingCode + digits);
      if (number && number.isValid() && number.country === region)
        for (const form of [number.formatNational(), number.formatInternational(), number.number])
          console.log([region, form, number.number].join('\t'));
    }
  }
}
