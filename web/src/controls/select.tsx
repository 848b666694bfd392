interface SelectProps<T extends string> {
  label: string;
  options: readonly { value: T; label: string }[];
  chosen: T | undefined;
  onChoose: (value: T) => void;
}

/** A list of which one item is chosen. */
export function Select<T extends string>({ label, options, chosen, onChoose }: SelectProps<T>) {
  return (
    <label class="select">
      <span>{label}</span>
      <select value={chosen} onChange={(event) => onChoose(event.currentTarget.value as T)}>
        {options.map((option) => (
          <option key={option.value} value={option.value} selected={option.value === chosen}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}
