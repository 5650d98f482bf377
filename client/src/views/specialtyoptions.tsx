import type { App } from "../domain/app";

/** All specialties as the options of a select, by group; `chosen`, where several may be. */
export function SpecialtyOptions({ app, chosen }: { app: App; chosen?: readonly string[] }) {
  return (
    <>
      {app.catalogue.groups.map((group) => (
        <optgroup key={group.id} label={app.group(group.id)}>
          {app.catalogue.specialties.filter((one) => one.group === group.id).map((one) => (
            <option key={one.id} value={one.id} selected={chosen?.includes(one.id)}>{app.specialty(one.id)}</option>
          ))}
        </optgroup>
      ))}
    </>
  );
}
