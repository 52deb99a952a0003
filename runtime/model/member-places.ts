/** Static members lie on machines of their own, unless their zone is on the runtime's. */
import type { Pool, StaticMember, Zone } from "./config";
import type { Declared } from "./declared";
import { tellFirst, type Problem } from "./errors";
import { splitHost } from "./fields";
import { findNearPlace } from "./host-place";

/** Members of the pool whose address is none of another machine. */
export function nearMemberProblems({ staticMembers }: Pool, declared: Declared): Problem[] {
  const near = staticMembers.flatMap((member, index) => {
    const zone = declared.zone.get(member.zone);
    const place = zone === undefined || zone.local ? undefined : placeOf(member);
    return place === undefined ? [] : [{ index, member, place }];
  });
  return tellFirst(near, ({ index, member, place }) => ({
    path: `staticMembers[${index}].address`,
    message: `got "${member.address}", which ${place}; use the address of another machine, or a zone with local: true`,
  }));
}

/** A zone that is not local any more, while members in it are. */
export function nearZoneProblems(zone: Zone, declared: Declared): Problem[] {
  if (zone.local) return [];
  for (const pool of declared.pool.values()) {
    const near = pool.staticMembers.find((member) => member.zone === zone.name && placeOf(member) !== undefined);
    if (near === undefined) continue;
    const member = `static member "${near.name}" of pool "${pool.name}"`;
    return [
      { path: "local", message: `got false; ${member} has the address "${near.address}", which ${placeOf(near)}` },
    ];
  }
  return [];
}

function placeOf({ address }: StaticMember): string | undefined {
  return findNearPlace(splitHost(address).host);
}
