/* A pad to draw on, and what was drawn as MNIST would have it. */
(function () {
  "use strict";

  const { element } = explorers;
  const SIDE = 28;
  const BOX = (explorers.BOX = 20); // MNIST scales each digit to it, then centres it by mass
  const PEN = 2.3; // pixels: about as thick as MNIST's strokes
  const FINE = 8; // each pixel is the mean of 8 × 8 finer ones
  const STEP = 0.04; // of the pad, for one press of an arrow key

  function trace(context, strokes, place) {
    context.lineCap = context.lineJoin = "round";
    for (const stroke of strokes) {
      context.beginPath();
      context.moveTo(...place(stroke[0]));
      // A single point still leaves a dot.
      for (const point of stroke.length > 1 ? stroke : [stroke[0], stroke[0]]) {
        context.lineTo(...place(point));
      }
      context.stroke();
    }
  }

  /** Strokes of points in [0, 1]² as 28 × 28 intensities, in MNIST's convention.
   *
   * The longer side fills 20 pixels, and the centre of mass comes to the middle.
   */
  explorers.digit = function (strokes) {
    const points = strokes.flat();
    const ends = [0, 1].map((axis) => {
      const values = points.map((point) => point[axis]);
      return [Math.min(...values), Math.max(...values)];
    });
    const longest = Math.max(...ends.map(([low, high]) => high - low), 0.02);
    const scale = (BOX - PEN) / longest;
    const centre = ends.map(([low, high]) => (low + high) / 2);
    const canvas = element("canvas", { width: SIDE * FINE, height: SIDE * FINE });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const render = function (shift) {
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.lineWidth = PEN * FINE;
      trace(context, strokes, (point) =>
        [0, 1].map(
          (axis) => FINE * (SIDE / 2 + scale * (point[axis] - centre[axis]) + shift[axis])
        )
      );
      const fine = context.getImageData(0, 0, canvas.width, canvas.height).data;
      const x = new Float32Array(SIDE * SIDE);
      for (let at = 0; at < fine.length / 4; at += 1) {
        const row = Math.floor(at / canvas.width / FINE);
        const column = Math.floor((at % canvas.width) / FINE);
        x[row * SIDE + column] += fine[4 * at + 3] / 255 / FINE ** 2;
      }
      return x;
    };
    const first = render([0, 0]);
    const mass = first.reduce((sum, value) => sum + value, 0);
    const shift = [0, 0];
    first.forEach((value, at) => {
      shift[0] -= (value * ((at % SIDE) + 0.5 - SIDE / 2)) / mass;
      shift[1] -= (value * (Math.floor(at / SIDE) + 0.5 - SIDE / 2)) / mass;
    });
    return render(shift);
  };

  /** A pad for pointer, finger and keyboard. `changed(x)` gets the digit, or null when empty. */
  explorers.pad = function (changed) {
    let strokes = [];
    let shown = null; // an example in the place of strokes
    const pen = { at: [0.5, 0.3], down: false, visible: false };

    const canvas = explorers.canvas({
      label:
        "A pad to draw a digit on. Arrow keys move the pen, Space puts it down or lifts it, " +
        "Backspace takes the last stroke back.",
      focus: true,
      draw(context, width, height) {
        context.fillStyle = "#000";
        context.fillRect(0, 0, width, height);
        if (shown) {
          context.imageSmoothingEnabled = false;
          context.drawImage(explorers.image(shown, [SIDE, SIDE]), 0, 0, width, height);
        }
        if (!strokes.length) {
          context.fillStyle = "#bdbdbd";
          context.font = "14px system-ui, sans-serif";
          context.textAlign = "center";
          context.fillText("draw a digit here", width / 2, height - 10);
        }
        context.strokeStyle = "#fff";
        context.lineWidth = width / 14;
        trace(context, strokes, ([x, y]) => [x * width, y * height]);
        if (pen.visible) {
          context.strokeStyle = explorers.palette.orange;
          context.lineWidth = 2.5;
          context.beginPath();
          context.arc(pen.at[0] * width, pen.at[1] * height, pen.down ? 5 : 10, 0, 2 * Math.PI);
          context.stroke();
        }
      },
    });

    let asked = 0;
    function tell() {
      canvas.redraw();
      // Once a frame is enough.
      asked = asked || requestAnimationFrame(() => {
        asked = 0;
        changed(shown || (strokes.length ? explorers.digit(strokes) : null));
      });
    }

    explorers.follow(canvas, (x, y, event) => {
      const point = [x / canvas.clientWidth, y / canvas.clientHeight];
      const within = point.map((value) => Math.min(Math.max(value, 0), 1));
      pen.visible = pen.down = false;
      shown = null;
      if (event.type === "pointerdown") strokes.push([within]);
      else strokes[strokes.length - 1].push(within);
      tell();
    });

    function move(across, down) {
      pen.at = [pen.at[0] + STEP * across, pen.at[1] + STEP * down].map((value) =>
        Math.min(Math.max(value, 0), 1)
      );
      pen.visible = true;
      if (pen.down) strokes[strokes.length - 1].push(pen.at);
      tell();
    }

    explorers.keys(canvas, {
      ArrowLeft: () => move(-1, 0),
      ArrowRight: () => move(1, 0),
      ArrowUp: () => move(0, -1),
      ArrowDown: () => move(0, 1),
      " ": () => {
        pen.visible = true;
        pen.down = !pen.down;
        shown = null;
        if (pen.down) strokes.push([pen.at]);
        tell();
      },
      Backspace: () => {
        strokes.pop();
        pen.down = false;
        tell();
      },
    });

    canvas.clear = function () {
      strokes = [];
      shown = null;
      pen.down = false;
      tell();
    };
    canvas.show = function (x) {
      strokes = [];
      shown = x;
      pen.down = pen.visible = false;
      tell();
    };
    return canvas;
  };
})();
