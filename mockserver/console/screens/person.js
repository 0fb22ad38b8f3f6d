export function draw(main) {
  main.replaceChildren();
}
