/** The story of a thing as `explain` tells it: sentences, and what would change it. */
import type { ExplanationView } from "../../runtime/api/contracts";
import { linkTo } from "../model/place";
import { Journal } from "./journal";

export function Explained({ explanation }: { explanation: ExplanationView }) {
  const { sentences, wouldChange, decisions, subject, id } = explanation;
  return (
    <>
      <section class="card">
        <h2>Why</h2>
        {sentences.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
        {wouldChange.length > 0 && (
          <>
            <h3>What would change it</h3>
            <ul>
              {wouldChange.map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          </>
        )}
      </section>
      <section class="card">
        <div class="card-head">
          <h2>Journal</h2>
          <a href={linkTo("decisions", undefined, { [subject === "staging" ? "text" : subject]: id })}>All of it</a>
        </div>
        <Journal newestFirst={decisions.toReversed()} isOfOne />
      </section>
    </>
  );
}
