/** Samples as rows: what is read is what was written, gaps stay gaps, and a fleet at rest costs a few bytes. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { minuteMs, sampleValueNames, type Sample, type SampleValues } from "../../runtime/model/sample";
import { packSample, SampleReader, wholeEveryMinutes, type SampleRow } from "../../runtime/store/sample-rows";

const seed = Number(process.env["HEADROOM_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

function valuesOf(count: number): SampleValues {
  const entries = sampleValueNames.map((name, index) => [name, index === 7 && count % 3 === 0 ? null : count + index]);
  return Object.fromEntries(entries) as SampleValues;
}

/** Which configs there are in a minute, with one number each; undefined = the minute is not told. */
const minutes = fc.array(
  fc.option(
    fc
      .dictionary(fc.constantFrom("a", "b", "c", "d"), fc.nat(3), { maxKeys: 4 })
      .map((counts) => Object.entries(counts)),
    { nil: undefined, freq: 5 },
  ),
  { maxLength: 150 },
);

function samplesOf(told: readonly ([string, number][] | undefined)[]): Sample[] {
  return told.flatMap((counts, index) =>
    counts === undefined
      ? []
      : [
          {
            atMs: index * minuteMs,
            series: counts.map(([name, count]) => ({
              ...{ autoscaleConfig: name, pool: "p", zone: "z" },
              values: valuesOf(count),
            })),
          },
        ],
  );
}

function pack(samples: readonly Sample[]): SampleRow[] {
  return samples.map((sample, index) => packSample(sample, samples[index - 1]));
}

const sorted = ({ series }: Sample): string[] => series.map((each) => JSON.stringify(each)).sort();

describe("samples as rows", () => {
  it(`are read as they were written, over changes, configs that come and go, and gaps (seed ${seed})`, () => {
    fc.assert(
      fc.property(minutes, (told) => {
        const samples = samplesOf(told);
        const rows = JSON.parse(JSON.stringify(pack(samples))) as SampleRow[];
        const reader = new SampleReader();

        const read = rows.map((row) => reader.read(row));

        assert.deepEqual(
          read.map((sample) => sample?.atMs),
          samples.map(({ atMs }) => atMs),
        );
        for (const [index, sample] of samples.entries()) assert.deepEqual(sorted(read[index]!), sorted(sample));
      }),
      { seed, numRuns: 200 },
    );
  });

  it(`are told from the next whole row on to who begins in the middle, never guessed (seed ${seed})`, () => {
    fc.assert(
      fc.property(minutes, fc.nat(150), (told, from) => {
        const samples = samplesOf(told);
        const reader = new SampleReader();
        const rows = pack(samples).slice(from);

        const read = rows.map((row) => reader.read(row));

        const first = rows.findIndex(({ isWhole }) => isWhole);
        for (const [index, sample] of read.entries()) {
          if (first === -1 || index < first) assert.equal(sample, undefined);
          else assert.deepEqual(sorted(sample!), sorted(samples[from + index]!));
        }
      }),
      { seed, numRuns: 200 },
    );
  });

  it("are whole at least once an hour, and hold nothing while nothing changes", () => {
    const names = Array.from({ length: 50 }, (_nothing, index): [string, number] => [`config-${index}`, 3]);
    const rows = pack(samplesOf(Array.from({ length: 181 }, () => names)));

    const whole = rows.filter(({ isWhole }) => isWhole).map(({ atMs }) => atMs / minuteMs);
    assert.deepEqual(whole, [0, wholeEveryMinutes, 2 * wholeEveryMinutes, 3 * wholeEveryMinutes]);
    for (const { isWhole, doc } of rows) if (!isWhole) assert.deepEqual(doc, {});
  });
});
